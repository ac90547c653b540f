import CKernels
import Synchronization

/// N points with C values each: marginals, energies, anything that a filter sums.
///
/// In memory the channels of a point are neighbours, and each point's row is padded to `stride`
/// floats, so that a row is a whole number of vectors: channel c of point i stands at
/// i · `stride` + c. What stands in the padding is unspecified.
public struct ChannelField: Sendable {
  /// N, the number of rows.
  public let points: Int
  /// C, the number of values in a row.
  public let channels: Int
  /// The distance between the starts of two rows, in floats; at least `channels`.
  public let stride: Int

  package private(set) var storage: AlignedBuffer<Float>

  /// `channels` rounded up to a whole number of vectors: of 4 floats, or of 8 above that.
  public static func paddedStride(forChannels channels: Int) -> Int {
    channels <= 4 ? 4 : (channels + 7) / 8 * 8
  }

  /// A field of zeros.
  public init(points: Int, channels: Int) {
    self.init(uninitializedPoints: points, channels: channels)
    storage.clear(0..<storage.count)
  }

  package init(uninitializedPoints points: Int, channels: Int) {
    precondition(points >= 0 && channels >= 1, "a field of \(points) × \(channels)")
    self.points = points
    self.channels = channels
    stride = Self.paddedStride(forChannels: channels)
    storage = AlignedBuffer(uninitialized: points * stride)
  }

  /// A field from dense rows: `values[i * channels + c]` is channel c of point i.
  public init(points: Int, channels: Int, rows values: [Float]) {
    precondition(
      values.count == points * channels,
      "\(points) × \(channels) values needed, \(values.count) given")
    self.init(points: points, channels: channels)
    for point in 0..<points {
      for channel in 0..<channels {
        storage.base[point * stride + channel] = values[point * channels + channel]
      }
    }
  }

  /// A field from channel planes, as files hold them: `values[c * points + i]` is channel c of
  /// point i.
  ///
  /// - Parameters:
  ///   - points: N.
  ///   - channels: C, at least 1.
  ///   - values: C × N values.
  ///   - padding: what the rest of each row is filled with.
  ///   - parallelism: the threads to use.
  public init(
    points: Int, channels: Int, planes values: [Float], padding: Float = 0,
    parallelism: Parallelism = .automatic
  ) {
    precondition(
      values.count == points * channels,
      "\(channels) × \(points) values needed, \(values.count) given")
    self = values.withUnsafeBufferPointer { values in
      // No points, no address; then none is read either.
      let planes = values.baseAddress ?? UnsafePointer(bitPattern: 64)!
      return Self(
        points: points, channels: channels, planes: planes, padding: padding,
        parallelism: parallelism)
    }
  }

  /// The same from memory that holds C × N floats.
  package init(
    points: Int, channels: Int, planes values: UnsafePointer<Float>, padding: Float,
    parallelism: Parallelism
  ) {
    self.init(uninitializedPoints: points, channels: channels)
    let (base, stride) = (storage.base, stride)
    parallelism.forEachChunk(of: points, grain: Self.transposedPoints) { range in
      ck_planes_to_rows(
        values, points, range.lowerBound, range.count, channels, stride, padding,
        base + range.lowerBound * stride)
    }
  }

  /// Points that a thread transposes at a time.
  private static let transposedPoints = 8192

  /// Channel `channel` of point `point`. O(1); a write copies the field first if it is shared.
  public subscript(point: Int, channel: Int) -> Float {
    get {
      precondition(
        point >= 0 && point < points && channel >= 0 && channel < channels,
        "(\(point), \(channel)) outside \(points) × \(channels)")
      return storage.base[point * stride + channel]
    }
    set {
      precondition(
        point >= 0 && point < points && channel >= 0 && channel < channels,
        "(\(point), \(channel)) outside \(points) × \(channels)")
      makeUnique()
      storage.base[point * stride + channel] = newValue
    }
  }

  /// The values as dense rows, N × C. O(N·C).
  public func rows() -> [Float] {
    [Float](unsafeUninitializedCapacity: points * channels) { output, count in
      for point in 0..<points {
        for channel in 0..<channels {
          output[point * channels + channel] = storage.base[point * stride + channel]
        }
      }
      count = points * channels
    }
  }

  /// The values as channel planes, C × N, the order of files. O(N·C).
  public func planes(parallelism: Parallelism = .automatic) -> [Float] {
    [Float](unsafeUninitializedCapacity: points * channels) { output, count in
      if let target = output.baseAddress { writePlanes(to: target, parallelism: parallelism) }
      count = points * channels
    }
  }

  /// The same into memory for C × N floats, times a factor.
  package func writePlanes(
    to target: UnsafeMutablePointer<Float>, times factor: Float = 1, parallelism: Parallelism
  ) {
    parallelism.forEachChunk(of: points, grain: Self.transposedPoints) { range in
      ck_rows_to_planes(
        base + range.lowerBound * stride, points, range.lowerBound, range.count, channels, stride,
        factor, target)
    }
  }

  /// Calls `body` with the field's memory: N · `stride` floats, on a cache line.
  ///
  /// Channel c of point i stands at i · `stride` + c; what stands in the padding is unspecified.
  public func withUnsafeBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeBufferPointer(storage.bufferPointer))
  }

  /// Calls `body` with the field's memory for writing; copies the field first if it is shared.
  ///
  /// As for reading. What is written to the padding should be finite: sums pass over it.
  public mutating func withUnsafeMutableBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    makeUnique()
    return try body(storage.bufferPointer)
  }

  /// Whether all of the padding is `value`.
  package func isPadded(with value: Float, parallelism: Parallelism) -> Bool {
    guard stride > channels else { return true }
    let foundOther = Atomic<Bool>(false)
    parallelism.forEachChunk(of: points, grain: Self.transposedPoints) { range in
      var isSame = true
      for point in range {
        for place in point * stride + channels..<(point + 1) * stride {
          isSame = isSame && base[place] == value
        }
      }
      if !isSame { foundOther.store(true, ordering: .relaxed) }
    }
    return !foundOther.load(ordering: .relaxed)
  }

  package var base: UnsafePointer<Float> { UnsafePointer(storage.base) }

  /// The memory for writing; copies the field first if it is shared.
  package mutating func mutableBase() -> UnsafeMutablePointer<Float> {
    makeUnique()
    return storage.base
  }

  /// Calls `body` with the values and with memory for others to replace them, which is the same
  /// where nothing shares the field.
  package mutating func replaceContents(
    _ body: (_ old: UnsafePointer<Float>, _ new: UnsafeMutablePointer<Float>) -> Void
  ) {
    if isKnownUniquelyReferenced(&storage) { return body(base, storage.base) }
    let old = storage
    storage = AlignedBuffer(uninitialized: old.count)
    body(UnsafePointer(old.base), storage.base)
  }

  private mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&storage) {
      storage = AlignedBuffer(copying: storage)
    }
  }
}
