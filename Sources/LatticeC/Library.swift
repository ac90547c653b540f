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

/// `latticecrf_get_preset`.
@_cdecl("latticecrf_get_preset")
public func preset(_ index: Int32, _ preset: UnsafeMutablePointer<latticecrf_preset>?) -> Int32 {
  call {
    let index = try Arguments.integer(index, in: 0...presets.count - 1, "the preset's number")
    try Arguments.pointer(preset, "preset", alignment: 8).pointee = presets[index]
  }
}

/// Texts that callers are given stay where they are for as long as the program runs.
private func permanent(_ text: String) -> UnsafePointer<CChar> {
  let bytes = text.utf8CString
  let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
  for (index, byte) in bytes.enumerated() { copy[index] = byte }
  return UnsafePointer(copy)
}

nonisolated(unsafe) private let versionText = permanent(Version.current)
nonisolated(unsafe) private let presets = CRFModel.presets.map(latticecrf_preset.init)

extension latticecrf_preset {
  fileprivate init(_ preset: CRFModel) {
    func weight(_ term: Int) -> Float {
      Float(preset.terms[term].compatibility.settings.number("weight") ?? 0)
    }
    func bandwidths(_ term: Int, _ key: String) -> Bandwidths {
      preset.terms[term].kernel.settings.required(key)
    }
    self.init()
    name = permanent(preset.name ?? "")
    source = permanent(preset.source ?? "")
    iterations = Int32(preset.iterations)
    normalization = TermArguments.number(of: preset.terms[0].normalization)
    position_weight = weight(0)
    bilateral_weight = weight(1)
    position_count = Self.fill(&position_sigmas, bandwidths(0, "spatial"))
    bilateral_count = Self.fill(&bilateral_sigmas, bandwidths(1, "spatial"))
    color_count = Self.fill(&color_sigmas, bandwidths(1, "color"))
  }

  private static func fill(
    _ target: inout (Float, Float, Float, Float), _ bandwidths: Bandwidths
  ) -> Int32 {
    let values = bandwidths.values
    precondition(
      values.count <= LATTICECRF_PRESET_BANDWIDTHS,
      "\(values.count) bandwidths, room for \(LATTICECRF_PRESET_BANDWIDTHS)")
    withUnsafeMutableBytes(of: &target) { target in
      for (index, value) in values.enumerated() {
        target.storeBytes(of: value, toByteOffset: 4 * index, as: Float.self)
      }
    }
    return Int32(values.count)
  }
}
