import LatticeSupport

/// A way to clean labels up: labels × marginals × scene → labels.
public protocol LabelFilter: Sendable {
  /// The description that reports use, with its settings.
  var name: String { get }

  /// How far a point's label depends on others.
  var reach: Reach { get }

  /// Why there must be marginals, to follow "it": `gives pixels their next likeliest label`; `nil`
  /// where labels suffice.
  var needsMarginals: String? { get }

  /// The label that points which a scene leaves out (`Scene.mask`) have in what the filter is
  /// given, and with which they have no influence on the others; `nil` for a filter that cannot
  /// promise that, which is refused for such scenes.
  var leftOutLabel: UInt16? { get }

  /// The cleaned labels.
  ///
  /// - Parameters:
  ///   - labels: N labels over the scene's grid.
  ///   - marginals: N × L probabilities that the labels come from; `nil` where there are labels
  ///     alone, which a filter with `needsMarginals` is never given.
  ///   - scene: the points, and the image over them where there is one.
  ///   - parallelism: the threads to use; labels must not depend on it.
  /// - Throws: `InputError` where the scene cannot be cleaned.
  func filter(
    _ labels: LabelMap, _ marginals: Marginals?, over scene: Scene, parallelism: Parallelism
  ) throws -> LabelMap
}

extension LabelFilter {
  /// Labels suffice, unless a conformer says otherwise.
  public var needsMarginals: String? { nil }
  /// Every point has influence, unless a conformer says otherwise.
  public var leftOutLabel: UInt16? { nil }
}

/// A kind of label filter that descriptions can name.
public struct LabelFilterKind: NamedKind {
  /// What messages call it.
  public static let noun = "label filter"

  /// What descriptions call it.
  public let name: String
  /// What it does, in a few words.
  public let summary: String
  /// What it takes.
  public let settings: [Setting]
  /// A description of one.
  public let example: String
  /// Makes the filter that settings describe.
  public let make: @Sendable (Settings, DescriptionContext) throws -> any LabelFilter

  /// - Parameters:
  ///   - name: what descriptions call it.
  ///   - summary: what it does, in a few words.
  ///   - settings: what it takes.
  ///   - example: a description of one.
  ///   - make: makes the filter that settings describe; throws `InputError`.
  public init(
    name: String, summary: String, settings: [Setting], example: String,
    make: @escaping @Sendable (Settings, DescriptionContext) throws -> any LabelFilter
  ) {
    self.name = name
    self.summary = summary
    self.settings = settings
    self.example = example
    self.make = make
  }
}
