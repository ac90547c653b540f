/// The release that this is.
package enum Version {
  /// Semantic version number; `CHANGELOG.md` says what each brought.
  package static let current = "0.1.0"
}
