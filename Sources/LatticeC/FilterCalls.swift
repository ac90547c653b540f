import Lattice
import LatticeCHeader
import LatticeSupport

/// A filter with the threads that it uses.
struct FilterObject: Sendable {
  static let all = ObjectTable<FilterObject>(of: "filter")

  let filter: any GaussianFilter
  let parallelism: Parallelism
}

/// `latticecrf_filter_create`.
@_cdecl("latticecrf_filter_create")
public func createFilter(
  _ features: UnsafePointer<Float>?, _ count: Int64, _ dimensions: Int32, _ layout: Int32,
  _ kind: Int32, _ threads: Int32, _ filter: UnsafeMutablePointer<UInt64>?
) -> Int32 {
  call {
    let number = try Arguments.pointer(filter, "filter", alignment: 8)
    let backend = try TermArguments.backend(kind)
    let parallelism = try Arguments.parallelism(threads: threads)
    let features = try FeatureArguments(
      features, count: count, dimensions: dimensions, layout: layout, points: nil,
      parallelism: parallelism)
    let matrix = try FeatureMatrix(
      points: features.points, dimensions: features.dimensions, rows: features.rows)
    let suited = parallelism.suited(to: features.points * features.dimensions)
    let made = try backend.makeFilter(for: matrix, parallelism: suited)
    try Cancellation.check()
    number.pointee = FilterObject.all.add(FilterObject(filter: made, parallelism: suited))
  }
}

/// `latticecrf_filter_destroy`.
@_cdecl("latticecrf_filter_destroy")
public func destroyFilter(_ filter: UInt64) -> Int32 {
  call {
    try FilterObject.all.remove(filter)
    LargeBlocks.shared.endRound()
  }
}

/// `latticecrf_filter_apply`.
@_cdecl("latticecrf_filter_apply")
public func applyFilter(
  _ filter: UInt64, _ values: UnsafePointer<Float>?, _ count: Int64, _ channels: Int32,
  _ layout: Int32, _ transposed: Int32, _ output: UnsafeMutablePointer<Float>?,
  _ outputCount: Int64
) -> Int32 {
  call {
    let object = try FilterObject.all.object(filter)
    let layout = try ChannelLayout(layout)
    let points = object.filter.points
    let channels = try Arguments.integer(
      channels, in: 1...Arguments.mostLabels, "the number of channels")
    let values = try Arguments.pointer(values, "values")
    let target = try Arguments.pointer(output, "output")
    try Arguments.count(count, points, channels, "the array of values")
    try Arguments.count(outputCount, points, channels, "the output")
    try Arguments.memory(
      points,
      bytesEach: 2 * MemoryLayout<Float>.size * ChannelField.paddedStride(forChannels: channels),
      "\(channels) channels of \(points) points")
    try layout.check(
      values, points: points, channels: channels, magnitude: Arguments.largestEnergy, "the value",
      channelName: "channel", parallelism: object.parallelism)
    let field = layout.field(
      values, points: points, channels: channels, padding: 0, parallelism: object.parallelism)
    var sums = ChannelField(points: points, channels: channels)
    if transposed == 0 {
      object.filter.apply(to: field, into: &sums)
    } else {
      object.filter.applyTransposed(to: field, into: &sums)
    }
    try Cancellation.check()
    layout.write(sums, to: target, parallelism: object.parallelism)
  }
}
