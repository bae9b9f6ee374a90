//! The options of `help`, `completions` and `man`.

use clap::Args;

#[derive(Debug, Clone, Args)]
pub struct HelpArgs {
    /// A command, or formula
    #[arg(value_name = "ABOUT")]
    pub about: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// bash, zsh, fish, powershell or elvish
    #[arg(value_name = "SHELL", value_enum, hide_possible_values = true)]
    pub shell: clap_complete::Shell,
}

pub const HELP_EXAMPLES: &str = "\
Example:
  clinreg help formula";

pub const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  clinreg completions bash > ~/.local/share/bash-completion/completions/clinreg
  clinreg completions zsh > ~/.zfunc/_clinreg
  clinreg completions fish > ~/.config/fish/completions/clinreg.fish
  clinreg completions powershell >> $PROFILE";

pub const MAN_EXAMPLES: &str = "\
Examples:
  clinreg man | man -l -
  clinreg man -o ~/.local/share/man/man1";
