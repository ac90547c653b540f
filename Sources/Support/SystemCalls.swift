#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Repeats a system call for as long as signals interrupt it.
package func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}

/// Writes `bytes` where the file stands. False where not all can be written; `errno` says why.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
  var rest = bytes[...]
  while !rest.isEmpty {
    let part = UnsafeRawBufferPointer(rebasing: rest)
    let written = retrying { write(descriptor, part.baseAddress, part.count) }
    guard written > 0 else { return false }
    rest = rest.dropFirst(written)
  }
  return true
}

/// What the system says about the call that failed last: `No such file or directory`.
package func systemMessage() -> String {
  String(cString: strerror(errno))
}

/// Bytes that this process can have at most: the machine's memory, or less where a container or its
/// address space is limited (cgroups, `ulimit -v`). What needs more cannot be held, and allocating
/// it would end the program.
package func memoryLimit() -> Int {
  min(physicalMemory(), ControlGroup.current.memory ?? .max, addressSpaceLimit())
}

private func physicalMemory() -> Int {
  let (bytes, overflow) = Int(sysconf(Int32(_SC_PHYS_PAGES)))
    .multipliedReportingOverflow(by: Int(sysconf(Int32(_SC_PAGESIZE))))
  return overflow || bytes <= 0 ? Int.max : bytes
}

private func addressSpaceLimit() -> Int {
  var limit = rlimit()
  #if canImport(Glibc)
    let resource = __rlimit_resource_t(RLIMIT_AS.rawValue)
  #else
    let resource = RLIMIT_AS
  #endif
  guard getrlimit(resource, &limit) == 0 else { return Int.max }
  return Int(clamping: limit.rlim_cur)
}

/// The largest amount of memory that this process has had in use so far, in bytes.
package func peakMemory() -> Int {
  var usage = rusage()
  #if canImport(Darwin)
    getrusage(RUSAGE_SELF, &usage)
    return Int(usage.ru_maxrss)
  #else
    getrusage(numericCast(RUSAGE_SELF.rawValue), &usage)
    return Int(usage.ru_maxrss) * 1024
  #endif
}
