extension InputError {
  /// The same error, saying which part of its place is meant: `member 2 of 3: …`.
  ///
  /// The place itself stays free for the file that the caller knows.
  package func within(_ part: String) -> InputError {
    InputError(kind, at: place, "\(part): \(problem)", remedy: remedy)
  }
}
