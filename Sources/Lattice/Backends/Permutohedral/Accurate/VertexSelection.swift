import CKernels
import LatticeSupport

/// The vertices of all segments joined, and which of them are worth a Gaussian.
///
/// Where points are sparse, half of the vertices hold next to nothing: they are left out, and the
/// points that touch them are projected onto the rest. Every point keeps its heaviest vertex.
struct VertexSelection: Sendable {
  /// All vertices.
  let table: VertexTable
  /// For each segment, the vertex of each of its own.
  let vertices: [AlignedBuffer<UInt32>]
  /// For each segment, 1 for its vertices that are kept.
  let kept: [AlignedBuffer<UInt8>]

  /// The sum of weights that a vertex needs to be kept.
  private static let leastMass: Float = 0.2
  /// Lattices of up to so many vertices are kept whole: they cost next to nothing.
  private static let keptWhole = 4096

  init(of parts: [LatticeSegment], dimensions: Int, parallelism: Parallelism) throws {
    let tables = parts.map(\.table)
    let all = try VertexTable(
      dimensions: dimensions, expected: tables.lazy.map(\.count).reduce(0, +))
    vertices = try tables.map { table in
      let numbers = AlignedBuffer<UInt32>(uninitialized: table.count)
      guard ck_table_merge(&all.table, &table.table, numbers.base) else {
        throw LatticeError.outOfMemory
      }
      return numbers
    }
    table = all
    let masses = tables.map { AlignedBuffer<Float>(zeros: $0.count) }
    kept = tables.map { AlignedBuffer<UInt8>(zeros: $0.count) }
    let (kept, vertices) = (kept, vertices)
    parallelism.forEach(parts.count) { index in
      let part = parts[index]
      ck_vertex_masses(
        part.vertices.base, part.weights.base, part.points.count, dimensions + 1,
        masses[index].base, kept[index].base)
    }
    let keeps = Self.keeps(vertices, masses, heaviest: kept, count: all.count)
    parallelism.forEach(parts.count) { index in
      for local in 0..<kept[index].count {
        kept[index].base[local] = keeps.base[Int(vertices[index].base[local])]
      }
    }
  }

  /// 1 for every vertex that is kept. Masses are added in the order of segments.
  private static func keeps(
    _ vertices: [AlignedBuffer<UInt32>], _ masses: [AlignedBuffer<Float>],
    heaviest: [AlignedBuffer<UInt8>], count: Int
  ) -> AlignedBuffer<UInt8> {
    guard count > keptWhole else { return AlignedBuffer(repeating: 1, count: count) }
    let keeps = AlignedBuffer<UInt8>(zeros: count)
    let sums = AlignedBuffer<Float>(zeros: count)
    for (segment, numbers) in vertices.enumerated() {
      for local in 0..<numbers.count {
        let vertex = Int(numbers.base[local])
        sums.base[vertex] += masses[segment].base[local]
        keeps.base[vertex] |= heaviest[segment].base[local]
      }
    }
    for vertex in 0..<count where sums.base[vertex] >= leastMass { keeps.base[vertex] = 1 }
    return keeps
  }
}
