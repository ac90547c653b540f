/// How examples are cut out of photographs: the values of Noh, Hong & Han (2015), arXiv:1505.04366,
/// §6.1, unless said otherwise.
public struct BoxExampleOptions: Sendable, Hashable, Codable {
  /// What the sides of boxes are multiplied by, to show what is around them: above 0, up to 1000. A
  /// box ends where its photograph does.
  public var scale = 1.2
  /// The class that is not an object.
  public var background: UInt16 = 0
  /// The pixels of the smallest object, at least 1. The paper has annotated instances of any size;
  /// connected parts may be crumbs: 16 × 16 pixels, by our own choice.
  public var minimumArea = 256
  /// Whether every class has as many examples in an epoch as the one with the most, by repetition.
  public var balancesClasses = false
  /// As many proposals for a photograph are looked at, best first: at least 1.
  public var proposalLimit = 2000
  /// The intersection over union of a proposal with the box of an object from which on it is an
  /// example, neither of them extended: above 0, up to 1.
  public var overlap = 0.5

  /// The paper's.
  public init() {}

  /// A caller's slips.
  func checkRanges() {
    precondition(
      scale > 0 && scale <= 1000 && minimumArea >= 1 && proposalLimit >= 1 && overlap > 0
        && overlap <= 1, "\(self)")
  }
}
