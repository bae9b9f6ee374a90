//! The program `clinreg`.

fn main() -> std::process::ExitCode {
    clinreg::cli::run()
}
