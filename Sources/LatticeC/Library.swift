import LatticeCHeader
import LatticeSupport
import MeanField
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The number of threads of objects that are not given one.
enum DefaultThreads {
  /// 0 for `Parallelism.automatic`.
  private static let chosen = Atomic<Int>(0)

  static var parallelism: Parallelism {
    let threads = chosen.load(ordering: .relaxed)
    return threads == 0 ? .automatic : Parallelism(threads: threads)
  }

  static func choose(_ threads: Int) { chosen.store(threads, ordering: .relaxed) }
}

/// `latticecrf_version`.
@_cdecl("latticecrf_version")
public func libraryVersion() -> UnsafePointer<CChar> { versionText }

/// `latticecrf_set_threads`.
@_cdecl("latticecrf_set_threads")
public func setThreads(_ threads: Int32) -> Int32 {
  call {
    DefaultThreads.choose(
      try Arguments.integer(threads, in: 0...Arguments.mostThreads, "the number of threads"))
  }
}

/// `latticecrf_threads`.
@_cdecl("latticecrf_threads")
public func threads(_ threads: UnsafeMutablePointer<Int32>?) -> Int32 {
  call {
    try Arguments.pointer(threads, "threads").pointee = Int32(DefaultThreads.parallelism.threads)
  }
}

/// `latticecrf_set_cancel_flag`.
@_cdecl("latticecrf_set_cancel_flag")
public func setCancelFlag(_ flag: UnsafePointer<Int32>?) -> Int32 {
  call { Cancellation.use(try flag.map { try Arguments.pointer($0, "flag") }) }
}

/// `latticecrf_release_memory`.
@_cdecl("latticecrf_release_memory")
public func releaseMemory() -> Int32 {
  call { KeptMemory.release() }
}

/// `latticecrf_abi_version`.
@_cdecl("latticecrf_abi_version")
public func abiVersion() -> Int32 { Int32(LATTICECRF_ABI_VERSION) }

/// `latticecrf_kinds_json`.
@_cdecl("latticecrf_kinds_json")
public func kindsJSON(
  _ text: UnsafeMutablePointer<CChar>?, _ capacity: Int64, _ length: UnsafeMutablePointer<Int64>?
) -> Int32 {
  call {
    let length = try Arguments.pointer(length, "length", alignment: 8)
    length.pointee = Arguments.give(KnownKinds.json.compactText, to: text, capacity: capacity)
  }
}

/// A text that stays where it is for as long as the program runs.
private func permanent(_ text: String) -> UnsafePointer<CChar> {
  let bytes = text.utf8CString
  let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
  for (index, byte) in bytes.enumerated() { copy[index] = byte }
  return UnsafePointer(copy)
}

nonisolated(unsafe) private let versionText = permanent(Version.current)
