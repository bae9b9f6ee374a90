//! The program `clinreg`.

/// Arrays of many rows come and go: how this allocator deals with them says `.cargo/config.toml`.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    clinreg::cli::run()
}
