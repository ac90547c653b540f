import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How many threads are worth starting, at least 1: what `OMP_NUM_THREADS` says, else the
/// processors that this process may use.
///
/// The latter are those of its affinity mask (`taskset`, cpusets), or fewer where a control group
/// has a quota (`docker run --cpus`). Looked at anew each time: a child may be pinned elsewhere.
package func usableProcessorCount() -> Int {
  if let count = requestedThreads(getenv("OMP_NUM_THREADS").map({ String(cString: $0) })) {
    return count
  }
  let allowed = Int(ck_affinity_count())
  return min(
    allowed > 0 ? allowed : onlineProcessorCount(), ControlGroup.current.processors ?? .max)
}

/// The first number of `OMP_NUM_THREADS`, which may have one for each level of nesting; `nil` where
/// it says nothing.
package func requestedThreads(_ text: String?) -> Int? {
  guard let first = text?.split(separator: ",", omittingEmptySubsequences: false).first,
    let count = Int(first.filter { $0 != " " }), count >= 1
  else { return nil }
  return min(count, mostThreads)
}

/// More are never started.
package let mostThreads = 1024

private func onlineProcessorCount() -> Int {
  max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
}
