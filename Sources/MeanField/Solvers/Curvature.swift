internal import CEigen
import Lattice
import LatticeSupport

/// κ: how much the relaxed energy can bend upwards at each point, along steps that keep ΣQ = 1.
///
/// R(Q + Δ) ≤ R(Q) + ⟨g(Q), Δ⟩ + ½ Σᵢ κᵢ|Δᵢ|². Where −diag(t) ⪯ K' ⪯ diag(r), and c⁺ and c⁻ are
/// the largest and the smallest eigenvalue of μ on vectors that sum to 0, a term adds max(c⁺rᵢ,
/// −c⁻tᵢ, 0).
public struct Curvature: Sendable {
  /// N numbers of at least 0.
  public let values: [Float]
  /// The largest.
  public var largest: Float { values.max() ?? 0 }

  /// - Complexity: O(N) a term, O(L³) for a matrix; a filtering or two of one channel where
  ///   labels repel or sums are normalised on one side.
  public init(_ crf: DenseCRF) {
    let points = crf.unary.values.points
    var total = [Float](repeating: 0, count: points)
    for term in crf.terms {
      if !term.factors.isSymmetric, !term.isSymmetricButForFilter,
        let sums = term.kernel.sumsOfSides(parallelism: crf.parallelism)
      {
        // Both are turned at once: no row of the matrix over points and labels has larger numbers.
        let (gain, back) = (term.factors.largestGain, term.factors.transposed.largestGain)
        for point in 0..<points {
          total[point] += 0.5 * (gain * sums.rows[point] + back * sums.columns[point])
        }
        continue
      }
      let (least, most) = term.factors.extremesOnDifferences
      let bounds = term.kernel.bounds(
        needsAbove: most > 0, needsBelow: least < 0, parallelism: crf.parallelism)
      for point in 0..<points {
        total[point] += max(
          0, Float(most) * bounds.above(point), -Float(least) * bounds.below(point))
      }
    }
    values = total
  }
}

extension CompatibilityFactors {
  /// The smallest and the largest eigenvalue of ½(μ + μᵀ) on vectors that sum to 0.
  ///
  /// - Complexity: O(L³) but for Potts'.
  var extremesOnDifferences: (least: Double, most: Double) {
    switch self {
    case .uniform(let weight): return (Double(weight), Double(weight))
    case .perLabel(let weights):
      let count = weights.count
      var matrix = [Float](repeating: 0, count: count * count)
      for label in 0..<count { matrix[label * count + label] = weights[label] }
      return CompatibilityFactors.matrix(matrix).extremesOnDifferences
    case .matrix(let matrix):
      let count = Int(Double(matrix.count).squareRoot())
      guard count > 1 else { return (0, 0) }
      // Bᵀ·μ·B with Helmert's orthonormal basis B of these vectors.
      let basis = (1..<count).map { row in
        let length = Double(row * (row + 1)).squareRoot()
        return (0..<count).map { column in
          column < row ? 1 / length : column == row ? -Double(row) / length : 0
        }
      }
      let products = basis.map { vector in
        (0..<count).map { row in
          (0..<count).reduce(0.0) {
            $0 + 0.5 * vector[$1]
              * (Double(matrix[row * count + $1]) + Double(matrix[$1 * count + row]))
          }
        }
      }
      let reduced = basis.flatMap { vector in
        products.map { zip(vector, $0).reduce(0.0) { $0 + $1.0 * $1.1 } }
      }
      var (values, vectors) = (
        [Double](repeating: 0, count: count - 1),
        [Double](repeating: 0, count: (count - 1) * (count - 1))
      )
      let status = ceigen_principal_components(reduced, Int32(count - 1), &values, &vectors)
      // Finite and symmetric: what cannot be solved is bounded by its rows.
      guard status == .OK else {
        let bound = Double(largestGain)
        return (-bound, bound)
      }
      return (values[count - 2], values[0])
    }
  }

  /// Whether μ = μᵀ.
  var isSymmetric: Bool {
    guard case .matrix(let matrix) = self else { return true }
    let count = Int(Double(matrix.count).squareRoot())
    return (0..<matrix.count).allSatisfy {
      matrix[$0] == matrix[$0 % count * count + $0 / count]
    }
  }
}

extension NormalizedFilter {
  /// r and t of −diag(t) ⪯ ½(K' + K'ᵀ) ⪯ diag(r), point by point.
  struct Bounds {
    private let aboveValues: [Float]?
    private let belowValues: [Float]?

    fileprivate init(above: [Float]?, below: [Float]?) {
      aboveValues = above
      belowValues = below
    }

    /// r; 1 where nothing else is known to be needed.
    func above(_ point: Int) -> Float { aboveValues?[point] ?? 1 }
    /// t.
    func below(_ point: Int) -> Float { belowValues?[point] ?? 0 }
  }

  fileprivate func bounds(
    needsAbove: Bool, needsBelow: Bool, parallelism: Parallelism
  ) -> Bounds {
    switch normalization {
    case .none:
      return Bounds(
        above: needsAbove ? rowSums(transposed: false, parallelism) : nil,
        below: needsBelow ? selfShares : nil)
    case .symmetric:
      // Rows of K̂ divided by their sums, from both sides: no eigenvalue is beyond ±1.
      return Bounds(above: nil, below: needsBelow ? selfShares : nil)
    case .before, .after:
      // Of any matrix without negative numbers: its row sums, both ways.
      guard needsAbove || needsBelow else { return Bounds(above: nil, below: nil) }
      let sums = sumsOfSides(parallelism: parallelism).map {
        zip($0.rows, $0.columns).map { 0.5 * ($0 + $1) }
      }
      return Bounds(above: sums, below: sums)
    }
  }

  /// The sums of the rows and of the columns of a K' that is normalised on one side; `nil` of
  /// others.
  fileprivate func sumsOfSides(
    parallelism: Parallelism
  ) -> (rows: [Float], columns: [Float])? {
    guard normalization == .before || normalization == .after else { return nil }
    return (rowSums(transposed: false, parallelism), rowSums(transposed: true, parallelism))
  }

  /// What K' lacks of being positive semidefinite: the share of each point's own value that was
  /// left out; `nil` where none was.
  private var selfShares: [Float]? {
    guard selfTerm != .included else { return nil }
    let shares = (0..<filter.points).map { point in
      selfScale.map { $0[point] } ?? (inputScale?[point] ?? 1) * (outputScale?[point] ?? 1)
    }
    // Where a point has less than its own weight around it, nothing is below −1.
    if normalization == .symmetric, selfTerm == .excludedBeforeNormalization,
      shares.contains(where: { $0 > 1 })
    {
      return [Float](repeating: 1, count: shares.count)
    }
    return shares
  }

  private func rowSums(transposed: Bool, _ parallelism: Parallelism) -> [Float] {
    let ones = ChannelField(
      points: filter.points, channels: 1,
      rows: [Float](repeating: 1, count: filter.points))
    var (sums, scaled) = (ones, ones)
    apply(
      to: ones, into: &sums, scaled: &scaled, transposed: transposed, parallelism: parallelism)
    return sums.rows()
  }
}
