import LatticeSupport

/// Learning in float64 over all pairs of points: for bandwidths, transforms and features by L-BFGS,
/// whose line search needs values that agree with slopes, and for tests against differences.
///
/// O(N²) weights a term: kept where they fit into `memoryBudget`, computed again for every
/// filtering otherwise. A few thousand points are practical.
public struct AllPairsArithmetic: LearningArithmetic {
  /// Bytes of weights that each term may keep.
  public let memoryBudget: Int
  /// The threads to use.
  public let parallelism: Parallelism

  /// - Parameters:
  ///   - memoryBudget: bytes of weights that each term may keep; results do not depend on it.
  ///   - parallelism: the threads to use; results do not depend on it.
  public init(memoryBudget: Int = 256 << 20, parallelism: Parallelism = .automatic) {
    self.memoryBudget = memoryBudget
    self.parallelism = parallelism
  }

  /// All pairs of the term's points.
  public func kernel(of term: LearnedTerm) throws -> AllPairsKernel {
    AllPairsKernel(term, self)
  }

  /// C, L × L row-major.
  public func factors(
    of compatibility: LearnedCompatibility, labelCount: Int
  ) throws -> [Double] {
    try compatibility.matrix(labelCount: labelCount)
  }

  /// −Cᵀ.
  public func reversed(_ factors: [Double]) -> [Double] {
    let count = Int(Double(factors.count).squareRoot())
    return factors.indices.map { -factors[$0 % count * count + $0 / count] }
  }

  /// The field itself.
  public func settled(_ field: DoubleField, asEnergies: Bool) -> DoubleField { field }

  /// Points that a thread takes at a time.
  private static let grain = 1024

  /// softmax(−energies).
  public func softmax(ofNegative energies: DoubleField, into marginals: inout DoubleField) {
    let (source, target, pitch) = (energies.base, marginals.mutableBase(), energies.pitch)
    let channels = energies.channels
    parallelism.forEachChunk(of: energies.points, grain: Self.grain) { points in
      for point in points {
        var lowest = source[point]
        for channel in 1..<max(1, channels) {
          lowest = min(lowest, source[channel * pitch + point])
        }
        var sum = 0.0
        for channel in 0..<channels {
          let value = exponential(lowest - source[channel * pitch + point])
          target[channel * pitch + point] = value
          sum += value
        }
        for channel in 0..<channels { target[channel * pitch + point] /= sum }
      }
    }
  }

  /// q ∘ (g − Σ q∘g).
  public func passThroughSoftmax(_ marginals: DoubleField, _ gradient: inout DoubleField) {
    let (q, g, pitch) = (marginals.base, gradient.mutableBase(), marginals.pitch)
    let channels = marginals.channels
    parallelism.forEachChunk(of: marginals.points, grain: Self.grain) { points in
      for point in points {
        var mean = 0.0
        for channel in 0..<channels {
          mean += q[channel * pitch + point] * g[channel * pitch + point]
        }
        for channel in 0..<channels {
          g[channel * pitch + point] =
            q[channel * pitch + point] * (g[channel * pitch + point] - mean)
        }
      }
    }
  }

  /// `sum` += C·v.
  public func addProduct(_ factors: [Double], of values: DoubleField, to sum: inout DoubleField) {
    let (source, target, pitch) = (values.base, sum.mutableBase(), values.pitch)
    let channels = values.channels
    parallelism.forEachChunk(of: values.points, grain: Self.grain) { points in
      for row in 0..<channels {
        for column in 0..<channels where factors[row * channels + column] != 0 {
          let factor = factors[row * channels + column]
          for point in points {
            target[row * pitch + point] += factor * source[column * pitch + point]
          }
        }
      }
    }
  }

  /// `sum` = `share` · `sum` + `factor` · `values`.
  public func mix(
    _ values: DoubleField, by factor: Double, into sum: inout DoubleField, keeping share: Double
  ) {
    let (source, target) = (values.base, sum.mutableBase())
    for index in 0..<values.channels * values.pitch {
      target[index] = share * target[index] + factor * source[index]
    }
  }

  /// Σ left·rightᵀ.
  public func outerProduct(
    _ left: DoubleField, _ right: DoubleField, diagonalOnly: Bool
  ) -> [Double] {
    let (a, b, channels) = (left.base, right.base, left.channels)
    var sums = [Double](repeating: 0, count: channels * channels)
    for row in 0..<channels {
      for column in diagonalOnly ? row..<row + 1 : 0..<channels {
        var sum = 0.0
        for point in 0..<left.points {
          sum += a[row * left.pitch + point] * b[column * right.pitch + point]
        }
        sums[row * channels + column] = sum
      }
    }
    return sums
  }
}
