import LatticeSupport
import Pipeline

/// Values of a step's setting that a search tries: `radius=2..16` or `mode=rf|nc` in a description.
///
/// `2..16` doubles from 2 on until 16: 2, 4, 8, 16; `2|3|5` are those, and words may stand in their
/// place. The other values of a description are fixed.
public struct StepRange: Sendable {
  private let step: Int
  private let key: String
  /// In the order in which they stand.
  private let texts: [String]
  private let place: String

  /// More than anybody waits for.
  private static let mostValues = 100

  /// The plan of some steps with the first value of every range, and the ranges.
  ///
  /// - Parameters:
  ///   - texts: descriptions of steps: `guided:radius=2..16,epsilon=0.01`.
  ///   - speaker: who says so, for messages: an option; `nil` where there is none.
  /// - Throws: `InputError` that names the step, where it or a range cannot be understood.
  public static func plan(
    _ texts: [String], saidBy speaker: String? = nil
  ) throws -> (plan: Plan, ranges: [StepRange]) {
    var ranges: [StepRange] = []
    let steps = try texts.enumerated().map { index, text in
      let place = [speaker, text].compactMap { $0 }.joined(separator: " ")
      do {
        var members: [JSONValue.Member] = []
        for member in try JSONValue(description: text).members ?? [] {
          guard let value = member.value.text, member.key != "kind",
            let values = try values(in: value)
          else {
            members.append(member)
            continue
          }
          ranges.append(StepRange(step: index, key: member.key, texts: values, place: place))
          members.append(.init(member.key, .text(values[0])))
        }
        return try Plan.Step(.object(members))
      } catch let error as InputError {
        throw error.at(place)
      }
    }
    return (try Plan(steps: steps), ranges)
  }

  /// The values of a range; `nil` for a single value.
  private static func values(in text: String) throws -> [String]? {
    if text.contains("|") {
      let parts = text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
      guard !parts.contains(""), Set(parts).count == parts.count else {
        throw InputError(
          .usage, "has the values '\(text)', of which one is empty or there twice",
          remedy: "as in radius=2|4|8")
      }
      return parts
    }
    guard let dots = text.firstRange(of: ".."), !text.contains("/") else { return nil }
    guard let first = Float(text[..<dots.lowerBound]), let last = Float(text[dots.upperBound...]),
      first > 0, first < last, last.isFinite
    else {
      throw InputError(
        .usage, "has the range '\(text)', which is not two numbers above 0, the smaller first",
        remedy: "as in radius=2..16, which is 2, 4, 8 and 16")
    }
    var values: [Float] = []
    var value = first
    while value < last {
      values.append(value)
      value *= 2
      guard values.count < mostValues else { break }
    }
    return (values + [last]).map(\.shortText)
  }

  /// The parameter, and what is tried of it.
  ///
  /// - Throws: `InputError` where the setting cannot have the values.
  func parameter(of plan: Plan) throws -> (parameter: TunedParameter, range: SearchRange) {
    let numbers = texts.compactMap { Float($0) }
    let areNumbers = numbers.count == texts.count
    let parameter = try TunedParameter(
      key, ofStep: step, of: plan, words: areNumbers ? [] : texts, place: place)
    let values = areNumbers ? numbers : texts.indices.map { Float($0) }
    guard let wrong = values.first(where: { !parameter.allows($0) }) else {
      return (parameter, SearchRange(values))
    }
    throw InputError(
      .usage, at: place,
      "has the value \(parameter.text(of: wrong)) of '\(key)', but \(parameter.expectation)",
      remedy: "give other values")
  }
}
