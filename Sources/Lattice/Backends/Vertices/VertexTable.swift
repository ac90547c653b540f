import CKernels
import LatticeSupport

/// Owns a table of lattice points, numbered in the order in which they were first seen.
final class VertexTable: @unchecked Sendable {
  var table = ck_vertex_table()

  /// - Parameter expected: room made in advance; the table grows past it.
  init(dimensions: Int, expected: Int) throws {
    let room = UInt32(min(expected, Int(UInt32.max)))
    guard ck_table_init(&table, Int32(dimensions), room, .aligned) else {
      throw LatticeError.outOfMemory
    }
  }

  deinit { ck_table_free(&table) }

  /// Keeps the keys only.
  func seal() { ck_table_seal(&table) }

  var count: Int { Int(table.count) }
}
