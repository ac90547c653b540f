import CKernels
import Support

/// The rows of vertices that several segments touch, grouped by the row that owns the vertex.
struct LatticeCopies: Sendable {
  /// Owners with at least one copy.
  let count: Int
  private let owners: AlignedBuffer<UInt32>
  /// Where the copies of each owner begin; one more than owners.
  private let starts: AlignedBuffer<UInt32>
  private let copies: AlignedBuffer<UInt32>

  private static let grain = 2048

  /// - Parameter pairs: copies in the order of segments, which the groups keep.
  init(_ pairs: [(copy: UInt32, owner: UInt32)]) {
    var groups: [UInt32: Int] = [:]
    var sizes: [UInt32] = []
    var ownerRows: [UInt32] = []
    let group = pairs.map { pair in
      if let known = groups[pair.owner] {
        sizes[known] += 1
        return known
      }
      groups[pair.owner] = sizes.count
      sizes.append(1)
      ownerRows.append(pair.owner)
      return sizes.count - 1
    }
    count = sizes.count
    owners = AlignedBuffer(uninitialized: count)
    starts = AlignedBuffer(repeating: 0, count: count + 1)
    copies = AlignedBuffer(uninitialized: pairs.count)
    for index in 0..<count {
      owners.base[index] = ownerRows[index]
      starts.base[index + 1] = starts.base[index] + sizes[index]
    }
    var next = (0..<count).map { starts.base[$0] }
    for (pair, group) in zip(pairs, group) {
      copies.base[Int(next[group])] = pair.copy
      next[group] += 1
    }
  }

  /// Adds every copy to its owner.
  func merge(_ rows: UnsafeMutablePointer<Float>, stride: Int, parallelism: Parallelism) {
    parallelism.forEachChunk(of: count, grain: Self.grain) { range in
      ck_lattice_merge(
        rows, stride, owners.base + range.lowerBound, starts.base + range.lowerBound, copies.base,
        range.count)
    }
  }

  /// Overwrites every copy with its owner.
  func spread(_ rows: UnsafeMutablePointer<Float>, stride: Int, parallelism: Parallelism) {
    parallelism.forEachChunk(of: count, grain: Self.grain) { range in
      ck_lattice_spread(
        rows, stride, owners.base + range.lowerBound, starts.base + range.lowerBound, copies.base,
        range.count)
    }
  }

  /// Calls `body` for every copy and its owner.
  func forEach(_ body: (_ copy: Int, _ owner: Int) -> Void) {
    for index in 0..<count {
      for copy in starts.base[index]..<starts.base[index + 1] {
        body(Int(copies.base[Int(copy)]), Int(owners.base[index]))
      }
    }
  }
}
