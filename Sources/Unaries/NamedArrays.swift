import LatticeSupport

/// The arrays that descriptions refer to by name: files, or what a program holds in memory.
public struct NamedArrays: Sendable {
  private let read: @Sendable (String) throws -> NumericArray

  /// - Parameter read: gives the array of a name; may be called from several threads at once.
  public init(_ read: @escaping @Sendable (String) throws -> NumericArray) {
    self.read = read
  }

  /// The array called `name`.
  ///
  /// - Throws: `InputError` where there is none.
  public func array(_ name: String) throws -> NumericArray { try read(name) }

  /// No arrays: whoever refers to one gets an error.
  public static let none = NamedArrays { name in
    throw InputError(.usage, "there is no array called \(quoted(name))")
  }
}
