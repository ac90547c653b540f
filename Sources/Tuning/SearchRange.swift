import LatticeSupport

/// The values of one parameter that a search tries first.
///
/// `4` is one value, `3:6` are 3, 4, 5 and 6, `30:10:100` are 30, 40 … 100, as the papers write
/// them; `5,10` are those two.
public struct SearchRange: Sendable, Equatable {
  /// Ascending, at least one.
  public let values: [Float]

  /// More than anybody waits for.
  private static let mostValues = 1000

  /// - Parameter values: at least one, in any order.
  public init(_ values: [Float]) {
    precondition(!values.isEmpty, "a range of no values")
    self.values = Set(values).sorted()
  }

  /// - Parameters:
  ///   - text: the values, as above.
  ///   - parameter: what the values are for.
  /// - Throws: `InputError` that names the parameter's place where `text` is not a range.
  public init(_ text: String, for parameter: TunedParameter) throws {
    do {
      let values = try text.contains(":") ? Self.steps(text) : Self.list(text)
      guard let wrong = values.first(where: { !parameter.allows($0) }) else {
        self.init(values)
        return
      }
      throw InputError(
        .usage, "has the value \(wrong.shortText), but \(parameter.expectation)",
        remedy: "give other numbers")
    } catch let error as InputError {
      throw error.at(parameter.place)
    }
  }

  private static func list(_ text: String) throws -> [Float] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { try number($0, text) }
  }

  private static func steps(_ text: String) throws -> [Float] {
    let parts = try text.split(separator: ":", omittingEmptySubsequences: false)
      .map { try number($0, text) }
    guard (2...3).contains(parts.count) else { throw malformed(text) }
    let (first, step, last) = (parts[0], parts.count == 3 ? parts[1] : 1, parts[parts.count - 1])
    guard step > 0, first <= last else {
      throw InputError(
        .usage,
        "is '\(text)', which never gets from \(first.shortText) to "
          + last.shortText, remedy: "write first:step:last with a step above 0")
    }
    // A thousandth of a step, since steps such as 0.1 have no exact float.
    let count = ((last - first) / step + 0.001).rounded(.down) + 1
    guard count <= Float(mostValues) else {
      throw InputError(
        .usage, "is '\(text)', more than \(mostValues) values", remedy: "take a larger step")
    }
    return (0..<Int(count)).map { first + Float($0) * step }
  }

  private static func number(_ part: Substring, _ text: String) throws -> Float {
    guard let value = Float(part), value.isFinite else { throw malformed(text) }
    return value
  }

  private static func malformed(_ text: String) -> InputError {
    InputError(
      .usage, "is '\(text)', which is not a range of numbers",
      remedy: "write one value (4), a list (3,5,10), or first:step:last (30:10:100)")
  }

  /// The distances to the neighbours of `value`; 0 where there is only one value.
  ///
  /// At an end of the range it is the same to both sides.
  func gaps(at value: Float) -> (below: Float, above: Float) {
    let below = values.last { $0 < value }.map { value - $0 }
    let above = values.first { $0 > value }.map { $0 - value }
    return (below ?? above ?? 0, above ?? below ?? 0)
  }
}
