import LatticeSupport

/// What descriptions refer to and do not hold: arrays and texts by name, and other refinements.
public struct DescriptionContext: Sendable {
  /// The array of a name: a file, or what a program holds in memory.
  public var array: @Sendable (String) throws -> NumericArray
  /// The text of a file.
  public var text: @Sendable (String) throws -> String
  /// The refinement that a description within another stands for.
  package var refinement: @Sendable (JSONValue) throws -> any Refinement = { _ in
    preconditionFailure("a description was made outside of a plan")
  }

  /// - Parameters:
  ///   - array: gives the array of a name; throws `InputError` where there is none.
  ///   - text: gives the text of a file; throws `InputError` where it cannot be read.
  public init(
    array: @escaping @Sendable (String) throws -> NumericArray,
    text: @escaping @Sendable (String) throws -> String
  ) {
    self.array = array
    self.text = text
  }

  /// No arrays and no files: referring to one is an error.
  public static let none = DescriptionContext(
    array: { throw InputError(.usage, "there is no array called \(quoted($0))") },
    text: { throw InputError(.usage, "the file \(quoted($0)) is not read here") })

  /// The array of a setting.
  ///
  /// - Throws: `InputError` naming the array that cannot be had.
  public func array(_ value: SettingValue.NamedOrInline) throws -> NumericArray {
    switch value {
    case .inline(let shape, let values): try NumericArray(shape: shape, values: values)
    case .named(let name): try array(name)
    }
  }
}
