import Support

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
}
