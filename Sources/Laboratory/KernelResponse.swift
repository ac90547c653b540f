import CEigen
import Lattice
import LatticeSupport

/// What points listen to through a filter.
///
/// A point's message is Σⱼ Kᵢⱼ·Q(j): row i of K tells which points it listens to, and how much.
public struct KernelResponse: Sendable {
  private let filter: any GaussianFilter
  /// N, the number of points.
  public var points: Int { filter.points }

  /// - Parameter filter: K.
  public init(_ filter: any GaussianFilter) { self.filter = filter }

  /// Rows of K: how much each of some points listens to all others, itself among them.
  ///
  /// - Parameter listeners: the points.
  /// - Returns: N weights for each.
  /// - Complexity: one application of the transposed filter to as many channels.
  public func rows(of listeners: [Int]) -> [[Float]] {
    guard !listeners.isEmpty else { return [] }
    var impulses = ChannelField(points: points, channels: listeners.count)
    for (channel, point) in listeners.enumerated() { impulses[point, channel] = 1 }
    var rows = impulses
    filter.applyTransposed(to: impulses, into: &rows)
    return listeners.indices.map { channel in (0..<points).map { rows[$0, channel] } }
  }

  /// (Σ w)² / Σ w² of a row: to how many points it listens, were all of them equally loud.
  public static func effectiveCount(_ row: [Float]) -> Double {
    let sum = row.reduce(0.0) { $0 + Double($1) }
    let squares = row.reduce(0.0) { $0 + Double($1) * Double($1) }
    return squares > 0 ? sum * sum / squares : 0
  }

  /// exp(−½‖fᵢ − fⱼ‖²) for all j: a row of the Gaussian itself. O(N·d).
  public static func exactRow(of listener: Int, _ features: FeatureMatrix) -> [Float] {
    (0..<features.points).map { point in
      var distance = 0.0
      for dimension in 0..<features.dimensions {
        let difference =
          Double(features[listener, dimension]) - Double(features[point, dimension])
        distance += difference * difference
      }
      return Float(exponential(-0.5 * distance))
    }
  }

  /// Points spread evenly over all of them, at most `count`.
  public static func sample(_ count: Int, of points: Int) -> [Int] {
    guard points > count else { return Array(0..<points) }
    return (0..<count).map { (2 * $0 + 1) * points / (2 * count) }
  }

  /// The largest eigenvalues of D^−½·½(K + Kᵀ)·D^−½ with D = diag(K·1), in descending order. Of
  /// those the first is 1 for a symmetric K: how fast the others fall tells how many independent
  /// regions the kernel sees. Eigenvalues that are alike are found once.
  ///
  /// - Parameter count: how many; fewer are returned of fewer points.
  /// - Returns: the eigenvalues, or none where the kernel has a row without mass.
  /// - Complexity: 2·(2·count + 20) applications to one channel: Lanczos (1950) with full
  ///   reorthogonalisation (Golub & Van Loan, §10.3).
  public func spectrum(_ count: Int) -> [Double] {
    var scales = ChannelField(
      points: points, channels: 1, rows: [Float](repeating: 1, count: points))
    scales = filter.apply(to: scales)
    let inverses = (0..<points).map { 1 / Double(scales[$0, 0]).squareRoot() }
    guard points > 0, count > 0, inverses.allSatisfy(\.isFinite) else { return [] }
    let steps = min(points, 2 * count + 20)
    var generator = SeededGenerator(seed: 1)
    var vectors = [Self.normalized((0..<points).map { _ in Double(generator.uniform()) - 0.5 })]
    var diagonal: [Double] = []
    var beside: [Double] = []
    while diagonal.count < steps, let current = vectors.last {
      var next = product(current, inverses)
      diagonal.append(Self.product(next, current))
      // Twice is enough (Parlett 1980, §6-9).
      for _ in 0..<2 {
        for vector in vectors { Self.subtract(Self.product(next, vector), vector, from: &next) }
      }
      let length = Self.product(next, next).squareRoot()
      guard length > 1e-7 else { break }
      beside.append(length)
      vectors.append(Self.normalized(next))
    }
    return Array(Self.eigenvalues(diagonal, beside).prefix(count))
  }

  private func product(_ vector: [Double], _ inverses: [Double]) -> [Double] {
    let field = ChannelField(
      points: points, channels: 1, rows: vector.indices.map { Float(vector[$0] * inverses[$0]) })
    var (sums, transposed) = (field, field)
    filter.apply(to: field, into: &sums)
    filter.applyTransposed(to: field, into: &transposed)
    return vector.indices.map {
      0.5 * (Double(sums[$0, 0]) + Double(transposed[$0, 0])) * inverses[$0]
    }
  }

  private static func product(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  private static func subtract(_ factor: Double, _ vector: [Double], from sum: inout [Double]) {
    for index in sum.indices { sum[index] -= factor * vector[index] }
  }

  private static func normalized(_ vector: [Double]) -> [Double] {
    let length = product(vector, vector).squareRoot()
    return vector.map { $0 / length }
  }

  /// Of a symmetric tridiagonal matrix, in descending order.
  private static func eigenvalues(_ diagonal: [Double], _ beside: [Double]) -> [Double] {
    let size = diagonal.count
    var matrix = [Double](repeating: 0, count: size * size)
    for index in 0..<size {
      matrix[index * size + index] = diagonal[index]
      guard index + 1 < size else { continue }
      matrix[index * size + index + 1] = beside[index]
      matrix[(index + 1) * size + index] = beside[index]
    }
    var values = [Double](repeating: 0, count: size)
    var vectors = matrix
    let status = ceigen_principal_components(matrix, Int32(size), &values, &vectors)
    return status == .OK ? values : []
  }
}
