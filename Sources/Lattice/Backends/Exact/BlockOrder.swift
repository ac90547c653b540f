import LatticeSupport

/// An order of points in which runs of `blockLength` are near each other in feature space.
///
/// The points are halved along the longest side of their bounding box, the halves are halved again,
/// and so on: the leaves of a k-d tree (Bentley 1975, doi:10.1145/361002.361007), cut so that all
/// but the last are full. Their boxes are tighter than those of runs along a space-filling curve.
struct BlockOrder {
  /// `order[i]` is the point that stands at place i.
  let order: AlignedBuffer<UInt32>

  private let features: UnsafePointer<Float>
  private let dimensions: Int
  private let blockLength: Int
  /// The coordinate that is compared, in the order of `order`.
  private let keys: AlignedBuffer<Float>

  /// - Complexity: O(N·d·log N).
  init(_ features: FeatureMatrix, blockLength: Int) {
    order = AlignedBuffer(uninitialized: features.points)
    for point in 0..<features.points { order.base[point] = UInt32(point) }
    keys = AlignedBuffer(uninitialized: features.points)
    self.features = UnsafePointer(features.storage.base)
    dimensions = features.dimensions
    self.blockLength = blockLength
    split(0..<features.points)
  }

  private func split(_ places: Range<Int>) {
    let blocks = (places.count + blockLength - 1) / blockLength
    guard blocks > 1 else { return }
    let axis = longestAxis(of: places)
    for place in places {
      keys.base[place] = features[Int(order.base[place]) * dimensions + axis]
    }
    let middle = places.lowerBound + blocks / 2 * blockLength
    select(middle, in: places)
    split(places.lowerBound..<middle)
    split(middle..<places.upperBound)
  }

  private func longestAxis(of places: Range<Int>) -> Int {
    var axis = 0
    var longest: Float = -1
    for dimension in 0..<dimensions {
      var low = Float.infinity
      var high = -Float.infinity
      for place in places {
        let value = features[Int(order.base[place]) * dimensions + dimension]
        low = min(low, value)
        high = max(high, value)
      }
      if high - low > longest { (axis, longest) = (dimension, high - low) }
    }
    return axis
  }

  /// Brings the smallest keys before place `middle` (Hoare 1961, algorithm 65, "Find").
  private func select(_ middle: Int, in places: Range<Int>) {
    var low = places.lowerBound
    var high = places.upperBound - 1
    while low < high {
      let pivot = median(keys.base[low], keys.base[(low + high) / 2], keys.base[high])
      var left = low
      var right = high
      while left <= right {
        while keys.base[left] < pivot { left += 1 }
        while keys.base[right] > pivot { right -= 1 }
        guard left <= right else { break }
        swap(&keys.base[left], &keys.base[right])
        swap(&order.base[left], &order.base[right])
        left += 1
        right -= 1
      }
      if middle <= right {
        high = right
      } else if middle >= left {
        low = left
      } else {
        return
      }
    }
  }

  private func median(_ a: Float, _ b: Float, _ c: Float) -> Float {
    max(min(a, b), min(max(a, b), c))
  }
}
