import LatticeSupport

/// Checks of which options go together.
package enum OptionCheck {
  /// Refuses options that would say nothing here.
  ///
  /// - Throws: `InputError` naming the first option that is given.
  package static func refuse(
    _ options: KeyValuePairs<String, Bool>, because problem: String, remedy: String
  ) throws {
    if let option = options.first(where: \.value) {
      throw InputError(.usage, at: option.key, problem, remedy: remedy)
    }
  }

  /// Does `body`; what it refuses is the option's, unless the error names another place.
  package static func naming<Result>(
    _ option: String, _ body: () throws -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch let error as InputError {
      throw error.at(option)
    }
  }
}
