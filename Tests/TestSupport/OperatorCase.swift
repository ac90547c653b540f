import Formats
import Foundation
import Testing
import Unaries

/// One case of the operator fixtures, `net/ops/index.json`: attributes, and tensors in files.
package struct OperatorCase: Sendable, CustomTestStringConvertible {
  package let name: String
  package let operation: String
  package let attributes: AnyJSON
  private let contents: AnyJSON

  private init(_ contents: AnyJSON) {
    name = contents["name"].string ?? ""
    operation = contents["op"].string ?? ""
    attributes = contents["attrs"]
    self.contents = contents
  }

  package var testDescription: String { name }

  /// The cases of an operator, or of all; none where the fixtures are absent.
  package static func all(of operation: String? = nil) -> [OperatorCase] {
    let index = try? AnyJSON.read(Shared.fixture("net/ops/index.json"))
    let cases = (index?.elements ?? []).map(OperatorCase.init)
    return operation.map { wanted in cases.filter { $0.operation == wanted } } ?? cases
  }

  /// A tensor such as `x`, `w`, `y` in the file's order; `nil` where the case has none of this
  /// name.
  package func array(_ tensor: String) throws -> NumericArray? {
    let file = contents["tensors"][tensor]["file"].string ?? contents["running"][tensor].string
    return try file.map { try NPY.read(Shared.fixture("net/ops/\($0)")) }
  }

  /// A pair of whole numbers (rows, columns) among the attributes.
  package func pair(_ attribute: String) throws -> (rows: Int, columns: Int) {
    let numbers = attributes[attribute].numbers.map { Int($0) }
    try #require(numbers.count == 2, "\(name): no pair '\(attribute)'")
    return (numbers[0], numbers[1])
  }

  /// A switch among the attributes.
  package func flag(_ attribute: String) -> Bool {
    if case .bool(let value) = attributes[attribute] { value } else { false }
  }
}
