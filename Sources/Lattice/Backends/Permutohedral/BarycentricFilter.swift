import LatticeSupport

/// A lattice whose splat weights are the barycentric coordinates of points in their simplices,
/// corner r being the vertex of remainder r.
package protocol BarycentricFilter: FactoredFilter {}

extension PermutohedralLattice: BarycentricFilter {}
extension PlanarLattice: BarycentricFilter {}

extension BarycentricFilter {
  /// The gradient of Σ ⟨aᵢ, (Kq)ᵢ⟩ by the features, as long as points stay in their simplices.
  ///
  /// With y = g·B·Sq and z = g·Bᵀ·Sa at the vertices, a point's weight for its vertex v of
  /// remainder r has the derivative g_r = ⟨aᵢ, y_v⟩ + ⟨qᵢ, z_v⟩. A weight is the difference of two
  /// neighbours among the elevated coordinates in the order of their ranks, so that coordinate j
  /// has (g_{d − rank(j)} − g_{(d + 1 − rank(j)) mod (d + 1)}) / (d + 1).
  ///
  /// - Parameters:
  ///   - a: N × C; its padding 0.
  ///   - q: N × C; its padding 0.
  ///   - features: those that the filter was made for.
  ///   - parallelism: the threads to use.
  /// - Returns: N × d.
  /// - Complexity: two filterings of C channels, and O(N·d·(d + C)).
  package func featureGradient(
    _ a: ChannelField, _ q: ChannelField, features: FeatureMatrix, parallelism: Parallelism
  ) -> [Double] {
    let (matrix, corners, channels) = (splatMatrix, splatMatrix.corners, q.channels)
    precondition(corners == features.dimensions + 1, "features of another filter")
    let y = blurred(q, transposed: false, parallelism)
    let z = blurred(a, transposed: true, parallelism)
    let d = features.dimensions
    let gradient = AlignedBuffer<Double>(zeros: points * d)
    parallelism.forEachUnlessCancelled(matrix.segments.count) { index in
      let segment = matrix.segments[index]
      let vertices = matrix.vertices(of: segment)
      var elevation = Elevation(dimensions: d)
      var slopes = [Double](repeating: 0, count: corners)
      for (position, point) in segment.visits.joined().enumerated() {
        for corner in 0..<corners {
          let row = segment.rows.lowerBound + Int(vertices[position * corners + corner])
          var slope = 0.0
          for channel in 0..<channels {
            slope +=
              Double(a.base[point * a.stride + channel]) * Double(y.value(row, channel))
              + Double(q.base[point * q.stride + channel]) * Double(z.value(row, channel))
          }
          slopes[corner] = slope * Double(gain)
        }
        elevation.add(
          slopes, at: features.storage.base + point * d, to: gradient.base + point * d)
      }
    }
    return (0..<gradient.count).map { gradient.base[$0] }
  }

  /// What is splatted, blurred.
  private func blurred(
    _ values: ChannelField, transposed: Bool, _ parallelism: Parallelism
  ) -> RowPanels {
    let rows = RowPanels(rowCount: rowCount, stride: values.stride)
    splatMatrix.splat(values, into: rows, parallelism: parallelism)
    let scratch = AlignedBuffer<Float>(uninitialized: blurScratch(stride: values.stride))
    if transposed {
      blurTransposed(rows, scratch: scratch.bufferPointer)
    } else {
      blur(rows, scratch: scratch.bufferPointer)
    }
    return rows
  }
}

extension RowPanels {
  /// One channel of a row.
  fileprivate func value(_ row: Int, _ channel: Int) -> Float {
    let panel = channel / 16 * 16
    let width = min(16, stride - panel)
    return base[panel * rowCount + row * width + channel - panel]
  }
}

/// Where points lie among the vertices: the elevated coordinates of Adams, Baek & Davis (2010), eq.
/// 5, and their ranks, found as the lattice's own embedding finds them.
private struct Elevation {
  private let dimensions: Int
  /// Feature i times this is what coordinates 0 … i rise by; coordinate i + 1 falls by i + 1 times
  /// it.
  private let scales: [Float]
  private var elevated: [Float]
  private var residuals: [Float]
  private var ranks: [Int]

  init(dimensions d: Int) {
    dimensions = d
    let deviation = (2.0 / 3).squareRoot() * Double(d + 1)
    scales = (0..<d).map { Float(1 / Double(($0 + 2) * ($0 + 1)).squareRoot() * deviation) }
    elevated = [Float](repeating: 0, count: d + 1)
    residuals = elevated
    ranks = [Int](repeating: 0, count: d + 1)
  }

  /// Adds what slopes by weights are by features.
  mutating func add(
    _ slopes: [Double], at features: UnsafePointer<Float>, to gradient: UnsafeMutablePointer<Double>
  ) {
    let d = dimensions
    rank(features)
    var sum = 0.0
    for i in 0...d {
      let slope =
        (slopes[d - ranks[i]] - slopes[(d + 1 - ranks[i]) % (d + 1)]) / Double(d + 1)
      // Coordinate i falls with feature i − 1, and rises with all from i on.
      if i > 0 { gradient[i - 1] += Double(scales[i - 1]) * (sum - Double(i) * slope) }
      sum += slope
    }
  }

  private mutating func rank(_ features: UnsafePointer<Float>) {
    let d = dimensions
    var sum: Float = 0
    for j in stride(from: d, to: 0, by: -1) {
      let scaled = features[j - 1] * scales[j - 1]
      elevated[j] = sum - Float(j) * scaled
      sum += scaled
    }
    elevated[0] = sum
    var excess = 0
    for i in 0...d {
      let rounded = (elevated[i] * (1 / Float(d + 1))).rounded(.toNearestOrEven)
      excess += Int(rounded)
      residuals[i] = elevated[i] - rounded * Float(d + 1)
    }
    for i in 0...d { ranks[i] = excess }
    for i in 0..<d {
      for j in i + 1...d {
        if residuals[i] < residuals[j] { ranks[i] += 1 } else { ranks[j] += 1 }
      }
    }
    for i in 0...d {
      if ranks[i] < 0 { ranks[i] += d + 1 } else if ranks[i] > d { ranks[i] -= d + 1 }
    }
  }
}
