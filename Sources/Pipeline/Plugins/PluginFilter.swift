import Lattice
import LatticePluginHeader
import LatticeSupport
import Synchronization

/// A backend of a plug-in.
struct PluginBackend: FilterBackend {
  let name: String
  fileprivate let kind: PluginKind<latticecrf_plugin_filter>
  fileprivate let object: PluginObject

  static func kind(_ kind: PluginKind<latticecrf_plugin_filter>) throws -> FilterKind {
    let functions = kind.structure.pointee
    try kind.require([
      "prepare": functions.prepare != nil,
      "apply": functions.apply != nil || functions.factors != nil,
      "blur": functions.factors == nil || functions.blur != nil,
    ])
    if let array = kind.settings.first(where: { $0.type == .array }) {
      throw InputError(
        .data,
        "the setting '\(array.key)' of \(quoted(kind.name)) is an array, which filters "
          + "cannot be given", remedy: "make it a file")
    }
    try kind.checkExample()
    return FilterKind(
      name: kind.name, summary: kind.summary, settings: kind.settings, example: kind.example
    ) { settings in
      PluginBackend(name: kind.text(settings), kind: kind, object: try kind.object(settings))
    }
  }

  func makeFilter(
    for features: FeatureMatrix, parallelism: Parallelism
  ) throws -> any GaussianFilter {
    let runs = SplatMatrix.segmentRanges(of: features.points)
    let filter = try LoadedFilter(self, features, runs: runs, parallelism: parallelism)
    return kind.structure.pointee.factors == nil
      ? PluginFilter(loaded: filter, parallelism: parallelism)
      : try PluginFactoredFilter(filter, features, runs: runs, parallelism: parallelism)
  }
}

/// What a plug-in has prepared for some features, and whether it has failed since.
final class LoadedFilter: Sendable {
  let kind: PluginKind<latticecrf_plugin_filter>
  let points: Int
  /// What the kind's functions take.
  var pointer: UnsafeMutableRawPointer? { filter.pointer }
  private let filter: PluginObject
  // Used by the filter for as long as it is.
  private let object: PluginObject
  private let failed = Mutex<(any Error)?>(nil)
  /// How often rows were blurred.
  private let blurs = Atomic<Int>(0)
  /// Rows that were blurred last, and not looked at.
  private let unchecked = Mutex<RowPanels?>(nil)

  /// Blurs after which rows are looked at at once: that of the normalisation, and the first of the
  /// updates.
  private static let checkedBlurs = 2

  /// What kept it from a sum, at first.
  var failure: (any Error)? {
    let last = unchecked.withLock { rows -> RowPanels? in
      // Whoever still has them may be splatting to them.
      guard rows?.areUnshared() == true else { return nil }
      defer { rows = nil }
      return rows
    }
    if let last { _ = attempt { try checkFinite(last, parallelism: .automatic) } }
    return failed.withLock { $0 }
  }

  /// Takes note of rows that were blurred.
  ///
  /// To look at all of them takes a tenth of an update. NaN stays: it is sliced, passes through the
  /// softmax and is splatted again. So those of the last blur are looked at, when somebody asks for
  /// `failure`.
  ///
  /// - Throws: `InputError` where they are looked at and are not finite.
  func note(_ rows: RowPanels, parallelism: Parallelism) throws {
    if blurs.wrappingAdd(1, ordering: .relaxed).oldValue < Self.checkedBlurs {
      try checkFinite(rows, parallelism: parallelism)
    } else {
      unchecked.withLock { $0 = rows }
    }
  }

  private func checkFinite(_ rows: RowPanels, parallelism: Parallelism) throws {
    try rows.forEach { panel in
      let values = UnsafeBufferPointer(start: panel.base, count: rows.rowCount * panel.width)
      guard values.areFinite(parallelism: parallelism) else {
        throw kind.refusal("blurs rows into numbers that are not finite")
      }
    }
  }

  fileprivate init(
    _ backend: PluginBackend, _ features: FeatureMatrix, runs: [Range<Int>],
    parallelism: Parallelism
  ) throws {
    kind = backend.kind
    object = backend.object
    points = features.points
    let functions = backend.kind.structure.pointee
    var filter: UnsafeMutableRawPointer?
    let ends = [0] + runs.map { Int64($0.upperBound) }
    try ends.withUnsafeBufferPointer { ends in
      try features.withUnsafeBufferPointer { values in
        var given = latticecrf_plugin_features()
        given.size = Int64(MemoryLayout<latticecrf_plugin_features>.size)
        given.points = Int64(features.points)
        given.features = values.baseAddress
        given.runs = ends.baseAddress
        given.run_count = Int64(runs.count)
        given.line_length = Int64(features.lineLength ?? 0)
        given.dimensions = Int32(features.dimensions)
        try backend.kind.call(parallelism) {
          functions.prepare(backend.object.pointer, &given, &filter, $0)
        }
      }
    }
    self.filter = PluginObject(filter, release: functions.release_filter)
  }

  /// Calls `body`; notes what it throws.
  ///
  /// - Returns: whether it threw nothing.
  func attempt(_ body: () throws -> Void) -> Bool {
    do {
      try body()
      return true
    } catch {
      failed.withLock { $0 = $0 ?? error }
      return false
    }
  }

  /// The weights Kᵢᵢ.
  func selfWeights(parallelism: Parallelism) -> [Float] {
    var weights = [Float](repeating: 1, count: points)
    guard let function = kind.structure.pointee.self_weights else { return weights }
    let isDone = attempt {
      weights = [Float](repeating: .nan, count: points)
      try weights.withUnsafeMutableBufferPointer { weights in
        try kind.call(parallelism) { function(pointer, weights.baseAddress, $0) }
      }
      if let point = weights.firstIndex(where: { !$0.isFinite }) {
        throw kind.refusal(
          "gives point \(point) the weight \(weights[point]) for itself, but it must be finite")
      }
    }
    return isDone ? weights : [Float](repeating: 1, count: points)
  }
}

/// A filter of a plug-in that sums by itself.
struct PluginFilter: GaussianFilter {
  let loaded: LoadedFilter
  let parallelism: Parallelism

  var points: Int { loaded.points }
  var failure: (any Error)? { loaded.failure }

  func apply(to values: ChannelField, into output: inout ChannelField) {
    sum(values, into: &output, loaded.kind.structure.pointee.apply)
  }

  /// As long as it has no transposed form.
  var isSymmetric: Bool { loaded.kind.structure.pointee.apply_transposed == nil }

  func applyTransposed(to values: ChannelField, into output: inout ChannelField) {
    let functions = loaded.kind.structure.pointee
    sum(values, into: &output, functions.apply_transposed ?? functions.apply)
  }

  func selfWeights() -> [Float] { loaded.selfWeights(parallelism: parallelism) }

  private func sum(
    _ values: ChannelField, into output: inout ChannelField,
    _ function: (
      @convention(c) (
        UnsafeMutableRawPointer?, UnsafePointer<Float>?, Int32, Int64, UnsafeMutablePointer<Float>?,
        UnsafeMutablePointer<latticecrf_plugin_call>?
      ) -> Int32
    )?
  ) {
    checkShapes(values, output)
    guard let function else { preconditionFailure("a filter that does not sum by itself") }
    let (channels, stride) = (Int32(values.channels), Int64(values.stride))
    output.withUnsafeMutableBufferPointer { sums in
      sums.update(repeating: 0)
      let isDone = loaded.attempt {
        try values.withUnsafeBufferPointer { values in
          try loaded.kind.call(parallelism) {
            function(loaded.pointer, values.baseAddress, channels, stride, sums.baseAddress, $0)
          }
        }
        guard UnsafeBufferPointer(sums).areFinite(parallelism: parallelism) else {
          throw loaded.kind.refusal(
            sums.firstIndex { !$0.isFinite }.map {
              "gives channel \($0 % Int(stride)) of point \($0 / Int(stride)) the sum \(sums[$0]), "
                + "but sums must be finite"
            } ?? "")
        }
      }
      if !isDone { sums.update(repeating: 0) }
    }
  }
}
