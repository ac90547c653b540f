import Lattice
import LatticeSupport
import Unaries

/// What a learned kernel compares: raw values, divided by bandwidths and multiplied with a matrix
/// where there is one. f = P·(raw / σ), in double.
public struct LearnedFeatures: Sendable {
  /// N, the number of points.
  public let points: Int
  /// d, the features of a point.
  public let dimensions: Int
  /// N × d: positions, colours, anything.
  public let raw: [Double]
  /// σ: what each raw feature is divided by; d of them.
  public let bandwidths: [Double]
  /// P, d × d row-major; `nil` for the identity.
  public let transform: [Double]?
  /// Those of the raw features that are the channels of the image; `nil` where none are.
  public let imageChannels: Range<Int>?
  /// The grid that the points are on, slowest axis first; `nil` where they are on none.
  private let extents: [Int]?
  /// Whether the raw features are positions on the grid and nothing else.
  private let arePositions: Bool

  /// Any features.
  ///
  /// - Parameters:
  ///   - rows: N × `dimensions`, finite.
  ///   - dimensions: d, at least 1.
  ///   - bandwidths: one for all, or one each; above 0.
  ///   - transform: P, d × d row-major. The kernel knows it up to a rotation from the left.
  ///   - imageChannels: those of the features that are the channels of the image.
  ///   - extents: the length of each axis, slowest first, where the points are those of a grid.
  /// - Throws: `InputError` where sizes do not fit, or a number is of no use.
  public init(
    rows: [Double], dimensions: Int, bandwidths: [Double] = [1], transform: [Double]? = nil,
    imageChannels: Range<Int>? = nil, extents: [Int]? = nil
  ) throws {
    try self.init(
      rows: rows, dimensions: dimensions, bandwidths: bandwidths, transform: transform,
      imageChannels: imageChannels, extents: extents, arePositions: false)
  }

  /// Positions on a grid in grid steps: x, y(, z).
  ///
  /// - Parameters:
  ///   - grid: the points.
  ///   - bandwidths: one for all, or one each in the order of the features.
  ///   - transform: P, d × d row-major.
  /// - Throws: `InputError` where sizes do not fit, or a number is of no use.
  public static func positions(
    on grid: GridShape, bandwidths: [Double], transform: [Double]? = nil
  ) throws -> LearnedFeatures {
    try LearnedFeatures(
      rows: rows(on: grid, image: [], channels: 0), dimensions: grid.rank, bandwidths: bandwidths,
      transform: transform, imageChannels: nil, extents: grid.extents, arePositions: true)
  }

  /// Positions on a grid, then the channels of an image over it.
  ///
  /// - Parameters:
  ///   - grid: the points.
  ///   - image: N × channels, in the image's units.
  ///   - channels: values a point.
  ///   - bandwidths: one for all, or one each in the order of the features.
  ///   - transform: P, d × d row-major.
  /// - Throws: `InputError` where sizes do not fit, or a number is of no use.
  public static func bilateral(
    on grid: GridShape, image: [Double], channels: Int, bandwidths: [Double],
    transform: [Double]? = nil
  ) throws -> LearnedFeatures {
    guard channels >= 1, image.count == grid.count * channels else {
      throw InputError(
        .data,
        "an image of \(grid) with \(channels) channels needs \(grid.count * channels) "
          + "values, but \(image.count) are given")
    }
    return try LearnedFeatures(
      rows: rows(on: grid, image: image, channels: channels),
      dimensions: grid.rank + channels, bandwidths: bandwidths, transform: transform,
      imageChannels: grid.rank..<grid.rank + channels, extents: grid.extents, arePositions: false)
  }

  private init(
    rows: [Double], dimensions: Int, bandwidths: [Double], transform: [Double]?,
    imageChannels: Range<Int>?, extents: [Int]?, arePositions: Bool
  ) throws {
    guard dimensions >= 1, rows.count % dimensions == 0 else {
      throw InputError(.data, "\(rows.count) numbers are not rows of \(dimensions) features")
    }
    if let index = rows.firstIndex(where: { !$0.isFinite }) {
      throw InputError(
        .data, "feature \(index % dimensions) of point \(index / dimensions) is \(rows[index])",
        remedy: "features must be finite")
    }
    guard bandwidths.count == 1 || bandwidths.count == dimensions else {
      throw InputError(
        .usage, "\(bandwidths.count) bandwidths for \(dimensions) features",
        remedy: "give one value, or one for each of the features")
    }
    if let wrong = bandwidths.first(where: { !($0.isFinite && $0 > 0) }) {
      throw InputError(.usage, "a bandwidth of \(wrong)", remedy: "bandwidths must be above 0")
    }
    if let transform {
      guard transform.count == dimensions * dimensions, transform.allSatisfy(\.isFinite) else {
        throw InputError(
          .usage, "a transform of \(transform.count) numbers for \(dimensions) features",
          remedy: "give \(dimensions) × \(dimensions) finite numbers")
      }
    }
    precondition(
      extents.map { $0.reduce(1, *) * dimensions == rows.count } ?? true,
      "a grid of \(extents ?? []) for \(rows.count / dimensions) points")
    if let imageChannels {
      precondition(
        imageChannels.lowerBound >= 0 && imageChannels.upperBound <= dimensions,
        "features \(imageChannels) of \(dimensions)")
    }
    points = rows.count / dimensions
    self.dimensions = dimensions
    raw = rows
    self.bandwidths =
      bandwidths.count == 1 ? [Double](repeating: bandwidths[0], count: dimensions) : bandwidths
    self.transform = transform
    self.imageChannels = imageChannels
    self.extents = extents
    self.arePositions = arePositions
  }

  private static func rows(on grid: GridShape, image: [Double], channels: Int) -> [Double] {
    let (rank, dimensions) = (grid.rank, grid.rank + channels)
    var position = [Int](repeating: 0, count: rank)
    let extents = Array(grid.extents.reversed())
    return [Double](unsafeUninitializedCapacity: grid.count * dimensions) { rows, count in
      for point in 0..<grid.count {
        let first = point * dimensions
        for feature in 0..<rank { rows[first + feature] = Double(position[feature]) }
        for channel in 0..<channels {
          rows[first + rank + channel] = image[point * channels + channel]
        }
        // The next point, x first.
        var feature = 0
        while feature < rank {
          position[feature] += 1
          if position[feature] < extents[feature] { break }
          position[feature] = 0
          feature += 1
        }
      }
      count = grid.count * dimensions
    }
  }

  /// The same with other bandwidths and another transform.
  ///
  /// - Throws: `InputError` where sizes do not fit, or a number is of no use.
  public func with(bandwidths: [Double], transform: [Double]? = nil) throws -> LearnedFeatures {
    try LearnedFeatures(
      rows: raw, dimensions: dimensions, bandwidths: bandwidths, transform: transform,
      imageChannels: imageChannels, extents: extents, arePositions: arePositions)
  }
}

extension LearnedFeatures {
  /// f, N × d, in double.
  func divided() -> [Double] {
    let scaled = raw.indices.map { raw[$0] / bandwidths[$0 % dimensions] }
    guard let transform else { return scaled }
    let d = dimensions
    return scaled.indices.map { index in
      let (point, row) = index.quotientAndRemainder(dividingBy: d)
      return (0..<d).reduce(0) { $0 + transform[row * d + $1] * scaled[point * d + $1] }
    }
  }

  /// f in float32, as `PairwiseKernel`s have it: rounded before it is divided.
  ///
  /// - Throws: `LatticeError.notFinite` where a feature leaves float32.
  func matrix() throws -> FeatureMatrix {
    let sigmas = bandwidths.map { Float($0) }
    let f = transform == nil ? [] : divided()
    let d = dimensions
    let rows = AlignedBuffer<Float>(uninitialized: raw.count)
    if transform == nil {
      for point in 0..<points {
        for feature in 0..<d {
          rows.base[point * d + feature] = Float(raw[point * d + feature]) / sigmas[feature]
        }
      }
    } else {
      for index in f.indices { rows.base[index] = Float(f[index]) }
    }
    for index in raw.indices where !rows.base[index].isFinite {
      throw LatticeError.notFinite(
        point: index / d, dimension: index % d, value: rows.base[index])
    }
    return FeatureMatrix(
      points: points, dimensions: d, storage: rows, grid: gridPositions, extents: extents)
  }

  private var gridPositions: FeatureMatrix.GridPositions? {
    guard let extents, arePositions, transform == nil else { return nil }
    return FeatureMatrix.GridPositions(
      extents: extents, bandwidths: bandwidths.reversed().map { Float($0) })
  }

  /// What the gradient D by f is by what f is made of.
  ///
  /// - Parameters:
  ///   - gradient: D, N × d.
  ///   - ignoresShifts: whether D sums to 0: features are then centred, so that its products with
  ///     them cancel less.
  /// - Returns: by each σ, by P where there is one, and by the raw features, N × d.
  /// - Complexity: O(N·d), O(N·d²) with a transform.
  func chain(
    _ gradient: [Double], ignoresShifts: Bool
  ) -> (bandwidths: [Double], transform: [Double]?, raw: [Double]) {
    let d = dimensions
    var means = [Double](repeating: 0, count: d)
    if ignoresShifts {
      for index in raw.indices { means[index % d] += raw[index] / Double(points) }
    }
    var byTransform = transform.map { [Double](repeating: 0, count: $0.count) }
    var bySigma = [Double](repeating: 0, count: d)
    var byRaw = gradient
    var scaled = [Double](repeating: 0, count: d)
    for point in 0..<points {
      let first = point * d
      for feature in 0..<d {
        scaled[feature] = (raw[first + feature] - means[feature]) / bandwidths[feature]
      }
      if let transform {
        for row in 0..<d {
          for column in 0..<d {
            byTransform?[row * d + column] += gradient[first + row] * scaled[column]
          }
        }
        for column in 0..<d {
          byRaw[first + column] = (0..<d).reduce(0) {
            $0 + transform[$1 * d + column] * gradient[first + $1]
          }
        }
      }
      for feature in 0..<d {
        bySigma[feature] -= byRaw[first + feature] * scaled[feature] / bandwidths[feature]
        byRaw[first + feature] /= bandwidths[feature]
      }
    }
    return (bySigma, byTransform, byRaw)
  }
}
