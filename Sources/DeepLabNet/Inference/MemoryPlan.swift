/// Where tensors lie in one block of memory, so that those that are never needed at the same time
/// share it.
///
/// Tensors are placed by falling size, each at the lowest place that is free for as long as it is
/// needed.
struct MemoryPlan {
  /// A tensor's size and the steps, first to last, in which its values must stand.
  struct Request {
    let count: Int
    let lifetime: ClosedRange<Int>
  }

  /// A place in multiples of this many floats begins on a cache line.
  private static let alignment = 16

  /// Where each request begins, in floats.
  let offsets: [Int]
  /// Floats in all.
  let count: Int

  init(_ requests: [Request]) {
    var offsets = [Int](repeating: 0, count: requests.count)
    var placed: [Int] = []
    var end = 0
    for index in requests.indices.sorted(by: { requests[$0].count > requests[$1].count }) {
      let size = Self.aligned(requests[index].count)
      let inTheWay =
        placed.filter { requests[$0].lifetime.overlaps(requests[index].lifetime) }
        .sorted { offsets[$0] < offsets[$1] }
      var offset = 0
      for other in inTheWay {
        if offsets[other] >= offset + size { break }
        offset = max(offset, offsets[other] + Self.aligned(requests[other].count))
      }
      offsets[index] = offset
      end = max(end, offset + size)
      placed.append(index)
    }
    self.offsets = offsets
    count = end
  }

  private static func aligned(_ count: Int) -> Int {
    (count + alignment - 1) / alignment * alignment
  }
}
