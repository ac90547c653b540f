/// Whether a point sends a message to itself.
public enum SelfTerm: String, Sendable, CaseIterable {
  /// Kᵢᵢ counts, as in pydensecrf.
  case included
  /// Kᵢᵢ is left out of messages, as in the papers' energy; the normaliser still has it.
  case excluded
  /// Kᵢᵢ is left out of the normaliser too.
  case excludedBeforeNormalization
}
