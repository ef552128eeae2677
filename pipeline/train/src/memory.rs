//! Memory of the machine: what is free, so that work that cannot fit is refused before it begins.

/// Bytes that can be used without taking them from others, if the system tells.
pub(crate) fn available() -> Option<u64> {
    read(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

fn read(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_system_is_read() {
        assert_eq!(read("MemTotal:  100 kB\nMemAvailable:   2048 kB\n"), Some(2048 * 1024));
        assert_eq!(read("MemTotal:  100 kB\n"), None);
    }
}
