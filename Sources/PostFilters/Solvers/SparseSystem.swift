import CEigen
import LatticeSupport

/// Weights between nodes of a graph, and what each is held by: A = diag(held + Σ w) − W.
///
/// Symmetric, and positive definite where something holds every connected part. Solved directly, in
/// float64.
struct SparseSystem {
  /// Two different nodes and their weight; each pair once.
  struct Edge {
    let first: Int32
    let second: Int32
    let weight: Double
  }

  /// The first node of the connected part of each. O(nodes + pairs), all but.
  static func parts(
    of count: Int, joinedBy pairs: some Sequence<(first: Int32, second: Int32)>
  ) -> [Int] {
    var parents = (0..<count).map { $0 }
    func root(_ node: Int) -> Int {
      var node = node
      while parents[node] != node {
        parents[node] = parents[parents[node]]
        node = parents[node]
      }
      return node
    }
    for pair in pairs {
      let (first, second) = (root(Int(pair.first)), root(Int(pair.second)))
      if first != second { parents[max(first, second)] = min(first, second) }
    }
    return (0..<count).map(root)
  }

  private let count: Int
  private let starts: [Int32]
  private let rows: [Int32]
  private let values: [Double]

  /// - Parameters:
  ///   - diagonal: that of A, a value for each node.
  ///   - edges: the weights, whose negatives stand beside the diagonal.
  init(diagonal: [Double], edges: [Edge]) {
    count = diagonal.count
    var starts = [Int32](repeating: 0, count: count + 1)
    for edge in edges { starts[Int(min(edge.first, edge.second)) + 1] += 1 }
    // The diagonal comes first in every column.
    for node in 0..<count { starts[node + 1] += starts[node] + 1 }
    var rows = [Int32](repeating: 0, count: Int(starts[count]))
    var values = [Double](repeating: 0, count: rows.count)
    var next = starts
    for node in 0..<count {
      rows[Int(next[node])] = Int32(node)
      values[Int(next[node])] = diagonal[node]
      next[node] += 1
    }
    for edge in edges {
      let column = Int(min(edge.first, edge.second))
      rows[Int(next[column])] = max(edge.first, edge.second)
      values[Int(next[column])] = -edge.weight
      next[column] += 1
    }
    for node in 0..<count {
      let range = Int(starts[node]) + 1..<Int(starts[node + 1])
      let sorted = range.map { (rows[$0], values[$0]) }.sorted { $0.0 < $1.0 }
      for (place, entry) in zip(range, sorted) { (rows[place], values[place]) = entry }
    }
    (self.starts, self.rows, self.values) = (starts, rows, values)
  }

  /// The solutions for some right hand sides, in place.
  ///
  /// - Parameter sides: each of as many values as there are nodes.
  /// - Parameter parallelism: the threads to use; results do not depend on it.
  /// - Throws: `InputError` where there is not enough memory.
  func solve(_ sides: inout [[Double]], parallelism: Parallelism) throws {
    guard count > 0 else { return }
    var factors: OpaquePointer?
    let status = ceigen_sparse_factor(Int32(count), starts, rows, values, &factors)
    guard status == .OK, let factors else {
      throw InputError(
        .data,
        "\(count) equations in as many unknowns could not be solved: "
          + (status == .outOfMemory ? "there is not enough memory" : "they are singular"),
        remedy: "reduce the image")
    }
    defer { ceigen_sparse_free(factors) }
    nonisolated(unsafe) let shared = factors
    let given = sides
    let solved = parallelism.map(given.count) { index -> [Double]? in
      var values = given[index]
      return ceigen_sparse_solve(shared, &values) == .OK ? values : nil
    }
    sides = try solved.map {
      guard let values = $0 else {
        throw InputError(.data, "there is not enough memory for \(count) unknowns")
      }
      return values
    }
  }
}
