import LatticeCHeader
import LatticeSupport

/// A caller's features as rows, N × d.
struct FeatureArguments {
  let points: Int
  let dimensions: Int
  private(set) var rows: [Float]

  private static let mostDimensions = 255

  /// - Parameter points: N; `nil` for as many as there are.
  init(
    _ features: UnsafePointer<Float>?, count: Int64, dimensions: Int32, layout: Int32,
    points: Int?, parallelism: Parallelism
  ) throws {
    let features = try Arguments.pointer(features, "features")
    let layout = try ChannelLayout(layout)
    let dimensions = try Arguments.integer(
      dimensions, in: 1...Self.mostDimensions, "the number of features of a point")
    let points =
      try points
      ?? Arguments.integer(
        count / Int64(dimensions), in: 1...Arguments.mostPoints, "the number of points")
    try Arguments.count(count, points, dimensions, "the array of features")
    try checkFeatures(points, dimensions: dimensions)
    try layout.check(
      features, points: points, channels: dimensions, magnitude: Arguments.largestFeature,
      "feature", channelName: "number", parallelism: parallelism)
    self.points = points
    self.dimensions = dimensions
    rows = [Float](unsafeUninitializedCapacity: points * dimensions) { output, initialized in
      for point in 0..<points {
        for dimension in 0..<dimensions {
          output[point * dimensions + dimension] =
            features[
              layout == .channelsFirst
                ? dimension * points + point : point * dimensions + dimension]
        }
      }
      initialized = points * dimensions
    }
  }

  /// Multiplies features with a kernel's parameters.
  mutating func transform(
    by parameters: UnsafePointer<Float>?, count: Int64, type: Int32
  ) throws {
    let type = try Enumerations.parameters.entry(type)
    let needed =
      switch type {
      case .none: 0
      case .scales: dimensions
      case .matrix: dimensions * dimensions
      }
    // A kernel without parameters may still get the address of an empty array.
    if count == 0 && (parameters == nil || needed == 0) { return }
    guard Int(exactly: count) == needed, needed > 0 else {
      throw CallError.argument(
        "\(count) parameters for a kernel that has \(needed) for \(dimensions) features")
    }
    let values = try Arguments.numbers(
      parameters, count: needed, "the parameters", magnitude: Arguments.largestFeature)
    if type == .scales {
      for index in rows.indices { rows[index] *= values[index % dimensions] }
    } else {
      multiply(by: values)
    }
    guard rows.allSatisfy({ $0.magnitude <= Arguments.largestFeature }) else {
      throw CallError.data(
        "features times parameters exceed \(Arguments.largestFeature) in magnitude")
    }
  }

  private mutating func multiply(by matrix: [Float]) {
    var product = [Float](repeating: 0, count: dimensions)
    for point in 0..<points {
      let start = point * dimensions
      for row in 0..<dimensions {
        var sum: Float = 0
        for column in 0..<dimensions {
          sum += matrix[row * dimensions + column] * rows[start + column]
        }
        product[row] = sum
      }
      for row in 0..<dimensions { rows[start + row] = product[row] }
    }
  }
}
