/// Where the values of a network's parameters come from: a checkpoint under its key scheme, a
/// trainer, a rule.
public protocol ParameterSource: Sendable {
  /// The values of the parameter with this full name, `layer.parameter`, as the network calls it.
  ///
  /// - Throws: `InputError` where there are none, or they cannot be read.
  func values(of name: String) throws -> ParameterValues
}
