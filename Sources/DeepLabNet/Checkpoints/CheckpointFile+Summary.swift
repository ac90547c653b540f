extension CheckpointFile {
  /// What was left out, for people: `a, b and 7 more`.
  package static func summary(of names: [String]) -> String {
    let shown = 5
    return names.prefix(shown).map(visibleText).joined(separator: ", ")
      + (names.count > shown ? " and \(names.count - shown) more" : "")
  }
}

/// Text from a file without what would control a terminal.
package func visibleText(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    result.unicodeScalars.append(scalar.properties.generalCategory == .control ? "?" : scalar)
  }
  return result
}
