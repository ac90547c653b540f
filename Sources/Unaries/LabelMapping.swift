import LatticeSupport

/// What the numbers in label files stand for, where they are not the labels themselves: masks of 0
/// and 255, ids of a data set, 0 for unlabelled pixels.
///
/// Numbers that a mapping does not mention stay, unless it says otherwise, and so does `void`.
public struct LabelMapping: Sendable, Equatable {
  /// The ids of Cityscapes' train ids 0…18: road, sidewalk, …
  package static let cityscapesIds: [UInt16] = [
    7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33,
  ]

  /// What options call it: a name, a list, or a file.
  public let name: String
  /// The label of pixels that do not count.
  public let void: UInt16
  /// What is listed, number by number.
  private let listed: [Int: UInt16]
  private let others: Others
  /// The label of each number of 16 bits; `refused` for none.
  private let table: [Int32]

  private static let refused: Int32 = -1
  private static let numbers = 0...Int(UInt16.max)

  /// What becomes of numbers that are not listed.
  package enum Others: Sendable, Equatable {
    case kept
    /// Each stands for the label below it.
    case shiftedDown
    case label(UInt16)
    /// They stand for nothing.
    case refused
  }

  package init(name: String, void: UInt16, listed: [Int: UInt16], others: Others) {
    self.name = name
    self.void = void
    self.listed = listed
    self.others = others
    table = Self.numbers.map { number in
      if let label = listed[number] { return Int32(label) }
      if number == Int(void) { return Int32(void) }
      switch others {
      case .kept: return Int32(number)
      case .shiftedDown: return number > 0 ? Int32(number - 1) : Self.refused
      case .label(let label): return Int32(label)
      case .refused: return Self.refused
      }
    }
  }

  /// Whether it turns a number other than `void` into it.
  public var marksVoid: Bool {
    listed.contains { $0.value == void && $0.key != Int(void) } || others == .label(void)
  }

  /// The label that `number` stands for; `nil` where it stands for none. O(1).
  public func label(for number: Int) -> UInt16? {
    guard Self.numbers.contains(number) else {
      if case .label(let label) = others { return listed[number] ?? label }
      return listed[number]
    }
    return UInt16(exactly: table[number])
  }

  /// The labels that the numbers of `map` stand for. O(N).
  ///
  /// - Throws: `InputError` naming the first number that stands for none, and its position.
  public func labels(of map: LabelMap) throws -> LabelMap {
    var result = map
    for (point, number) in map.labels.enumerated() {
      guard let label = label(for: Int(number)) else {
        throw unlisted("\(number)", at: map.grid.position(of: point))
      }
      result.labels[point] = label
    }
    return result
  }

  /// What is said of a number that stands for nothing.
  package func unlisted(_ number: String, at position: String) -> InputError {
    let known = listed.keys.filter { $0 >= 0 }
    return InputError(
      .data,
      "has the number \(number) at \(position), which the label map '\(name)' does not list: "
        + "expected \(known.min() ?? 0)…\(known.max() ?? 0), or \(void) for pixels that do not count",
      remedy: "check that it is the map that is meant, or write one with 'others:void'")
  }
}

extension LabelMapping: CustomStringConvertible {
  /// Every entry in order, whatever the mapping is called: equal texts are equal mappings.
  public var description: String {
    let rest =
      switch others {
      case .kept: ""
      case .shiftedDown: ",others:below"
      case .label(let label): ",others:\(label)"
      case .refused: ",others:none"
      }
    return listed.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }
      .joined(separator: ",") + rest
  }
}
