import LatticeSupport
import Unaries

/// The cells of a bilateral grid that an image occupies: boxes of positions, brightness and colour.
///
/// Barron & Poole, "The fast bilateral solver", ECCV 2016, with a hard splat: each point belongs to
/// one cell. Cells are told apart by all of their coordinates.
struct BilateralGrid {
  /// Coordinates of a cell.
  let dimensions: Int
  /// The cell of each point; −1 where it is left out.
  let cells: [Int32]
  /// How many there are.
  let count: Int
  /// Pairs of cells that differ by 1 in one coordinate, each once.
  let neighbours: [(first: Int32, second: Int32)]

  /// - Throws: `InputError` where there is no image, or not one in gray or in red, green and blue.
  init(_ scene: Scene, sigmaSpatial: Double, sigmaLuma: Double, sigmaChroma: Double) throws {
    let guide = try Guide(scene, for: "a bilateral solver")
    guard guide.channels == 1 || guide.channels == 3 else {
      throw InputError(
        .data,
        "an image of \(guide.channels) channels, but a bilateral solver takes brightness "
          + "and colour: gray, or red, green and blue",
        remedy: "use 'guided' or 'smoother', which take any number of channels")
    }
    let rank = guide.grid.rank
    dimensions = rank + guide.channels
    var table = CellTable(dimensions: dimensions)
    var key = [Int32](repeating: 0, count: dimensions)
    cells = (0..<guide.grid.count).map { point in
      guard guide.mask.counts(point) else { return -1 }
      var rest = point
      for axis in (0..<rank).reversed() {
        let (next, place) = rest.quotientAndRemainder(dividingBy: guide.grid.extents[axis])
        key[axis] = Self.cell(Double(place + scene.origin[axis]), sigmaSpatial)
        rest = next
      }
      func level(_ channel: Int) -> Double {
        Double(guide.levels[point * guide.channels + channel])
      }
      if guide.channels == 1 {
        key[rank] = Self.cell(level(0), sigmaLuma)
      } else {
        // JPEG's luma and chroma in thousandths and millionths: whole numbers for levels of 8 bits,
        // so that no cell depends on rounding.
        let (r, g, b) = (level(0), level(1), level(2))
        key[rank] = Self.cell(299 * r + 587 * g + 114 * b, 1000 * sigmaLuma)
        key[rank + 1] = Self.cell(
          128_000_000 - 168_736 * r - 331_264 * g + 500_000 * b, 1e6 * sigmaChroma)
        key[rank + 2] = Self.cell(
          128_000_000 + 500_000 * r - 418_688 * g - 81_312 * b, 1e6 * sigmaChroma)
      }
      return table.index(of: key)
    }
    count = table.count
    neighbours = (0..<table.count).flatMap { index -> [(first: Int32, second: Int32)] in
      var key = table.key(index)
      return (0..<table.dimensions).compactMap { dimension in
        key[dimension] += 1
        defer { key[dimension] -= 1 }
        return table.find(key).map { (Int32(index), $0) }
      }
    }
  }

  /// Coordinates that a key cannot hold, of levels beyond all images, are the last that it can.
  private static func cell(_ value: Double, _ size: Double) -> Int32 {
    Int32(min(max((value / size).rounded(.down), Double(Int32.min)), Double(Int32.max - 1)))
  }

  /// The first cell of the connected part of each.
  var parts: [Int] { SparseSystem.parts(of: count, joinedBy: neighbours) }
}

/// Cells by their coordinates.
private struct CellTable {
  let dimensions: Int
  private var keys: [Int32] = []
  /// The number of a cell plus 1, or 0; a power of two of them.
  private var slots = [Int32](repeating: 0, count: 1 << 12)
  private(set) var count = 0
  private var lastKey: [Int32] = []
  private var last: Int32 = 0

  init(dimensions: Int) { self.dimensions = dimensions }

  func key(_ index: Int) -> [Int32] {
    Array(keys[index * dimensions..<(index + 1) * dimensions])
  }

  /// The slot where a key is, or belongs.
  private func slot(of key: some Collection<Int32>) -> Int {
    var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
    for value in key {
      hash = (hash ^ UInt64(UInt32(bitPattern: value))) &* 0xFF51_AFD7_ED55_8CCD
      hash ^= hash >> 32
    }
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] > 0 {
      let start = Int(slots[slot] - 1) * dimensions
      if keys[start..<start + dimensions].elementsEqual(key) { return slot }
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  func find(_ key: [Int32]) -> Int32? {
    let found = slots[slot(of: key)]
    return found > 0 ? found - 1 : nil
  }

  /// The number of a cell, which is new where it has not been seen. Often it is the last one again.
  mutating func index(of key: [Int32]) -> Int32 {
    if key == lastKey { return last }
    lastKey = key
    last = number(of: key)
    return last
  }

  private mutating func number(of key: [Int32]) -> Int32 {
    let place = slot(of: key)
    if slots[place] > 0 { return slots[place] - 1 }
    keys += key
    count += 1
    slots[place] = Int32(count)
    if 2 * count > slots.count { grow() }
    return Int32(count - 1)
  }

  private mutating func grow() {
    slots = [Int32](repeating: 0, count: 4 * slots.count)
    for index in 0..<count {
      slots[slot(of: keys[index * dimensions..<(index + 1) * dimensions])] = Int32(index + 1)
    }
  }
}
