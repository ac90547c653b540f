import LatticeSupport

/// How a network looks at proposals, and what becomes of its scores.
public struct ProposalOptions: Sendable, Hashable {
  /// How the scores of proposals become those of an image; each counts 0 outside its box.
  public enum Aggregation: String, Sendable, Hashable, CaseIterable {
    /// The largest score of each class: what Noh et al. (2015) use.
    case maximum
    /// Their sum.
    case sum
  }

  /// The number of proposals that are looked at, best first: fifty in the paper.
  public var limit = 50
  /// How the scores of proposals become those of an image.
  public var aggregation = Aggregation.maximum
  /// The height and width that every proposal is resized to: those of DeconvNet's input.
  public var inputSize = 224

  /// The paper's.
  public init() {}

  /// - Throws: `InputError` where there is nothing to look at.
  func check() throws {
    guard limit >= 1, inputSize >= 1 else {
      throw InputError(
        .usage, "\(limit) proposals of \(inputSize) pixels", remedy: "give at least 1 of each")
    }
  }
}
