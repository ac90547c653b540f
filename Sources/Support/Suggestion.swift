/// The name among `known` that `word` was probably meant to be; `nil` where none is close.
///
/// Close means at most two edits, and fewer than half of the letters.
package func suggestion(for word: String, among known: [String]) -> String? {
  let word = word.lowercased()
  let best = known.map { (name: $0, edits: editDistance(word, $0.lowercased())) }
    .min { $0.edits < $1.edits }
  guard let best, best.edits <= 2, 2 * best.edits < max(word.count, 2) else { return nil }
  return best.name
}

/// The refusal of `word` as a name, with the likeliest meaning and all that are known.
///
/// - Parameter what: what is named: `kernel`, `preset`.
package func unknownName(_ word: String, of what: String, among known: [String]) -> InputError {
  let guess = suggestion(for: word, among: known).map { "did you mean '\($0)'? " } ?? ""
  return InputError(
    .usage, "there is no \(what) '\(word)'",
    remedy: known.isEmpty ? "none is known" : guess + "known are " + known.joined(separator: ", "))
}

/// The least number of letters to insert, delete or replace (Levenshtein). O(n·m).
private func editDistance(_ first: String, _ second: String) -> Int {
  let second = Array(second)
  var row = Array(0...second.count)
  for (i, letter) in first.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in second.enumerated() {
      let replaced = diagonal + (letter == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
    }
  }
  return row[second.count]
}

/// Text from a file as it may stand in a message: short, and without control characters.
package func quoted(_ text: some StringProtocol) -> String {
  let limit = 60
  var result = "'"
  for scalar in text.unicodeScalars.prefix(limit) {
    result += scalar.properties.generalCategory == .control ? "?" : String(scalar)
  }
  return result + (text.unicodeScalars.count > limit ? "…'" : "'")
}
