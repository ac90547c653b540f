import LatticeSupport

/// Parameters that are at hand, such as a trainer's: `NamedParameters(trainer.snapshot())` is what
/// a `Segmenter` or a `PreparedNetwork` runs the network with.
public struct NamedParameters: ParameterSource {
  private let values: [String: ParameterValues]

  /// - Parameter parameters: values under full names, `layer.parameter`; no name twice. O(count).
  public init(_ parameters: [(name: String, values: ParameterValues)]) {
    values = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.values) })
  }

  /// The values of one parameter. O(1).
  ///
  /// - Throws: `InputError` where there are none of this name.
  public func values(of name: String) throws -> ParameterValues {
    guard let found = values[name] else {
      throw InputError(.data, "there are no values for the parameter \(name)")
    }
    return found
  }
}
