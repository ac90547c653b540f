import LatticeSupport

/// A way to sum over pairs of points that descriptions can name, and the settings that it takes.
public struct FilterKind: NamedKind {
  /// What messages call it.
  public static let noun = "filter"

  /// What descriptions call it.
  public let name: String
  /// What it does, in a few words.
  public let summary: String
  /// What it takes.
  public let settings: [Setting]
  /// A description of one.
  public let example: String
  /// Makes the backend that settings describe.
  public let make: @Sendable (Settings) throws -> any FilterBackend

  /// - Parameters:
  ///   - name: what descriptions call it.
  ///   - summary: how it sums, in a few words.
  ///   - settings: what it takes.
  ///   - example: a description of one; `nil` for the name alone.
  ///   - make: makes the backend that settings describe; throws `InputError`.
  public init(
    name: String, summary: String, settings: [Setting] = [], example: String? = nil,
    make: @escaping @Sendable (Settings) throws -> any FilterBackend
  ) {
    self.name = name
    self.summary = summary
    self.settings = settings
    self.example = example ?? name
    self.make = make
  }

  /// Every kind by its name; the first is the default.
  public static let registry = Registry<FilterKind>([
    .permutohedral, .accurate, .exact, .grid, .window,
  ])
}

extension FilterKind {
  /// The lattice of Krähenbühl & Koltun's program.
  public static let permutohedral = FilterKind(
    name: "permutohedral", summary: "the permutohedral lattice, as in pydensecrf",
    settings: [
      Setting(
        "symmetric", .flag,
        "blurs by halves, there and back, so that sums are symmetric and positive; takes longer",
        default: .flag(false))
    ]
  ) { settings in .permutohedral(settings.flag("symmetric") ? .symmetric : .compatible) }

  /// A finer lattice, closer to the Gaussian.
  public static let accurate = FilterKind(
    name: "accurate", summary: "a finer lattice, closer to the Gaussian"
  ) { _ in .permutohedral(.accurate) }

  /// Every pair of points that matters.
  public static let exact = FilterKind(
    name: "exact", summary: "every pair of points that matters; slow",
    settings: [
      Setting(
        "threshold", .number(.halfOpen(0..<1)),
        "pairs of points whose weight is sure to be below it are skipped; 0 evaluates every pair",
        default: .number(ExactBackend.defaultThreshold)),
      Setting(
        "memory", .count(0...Int.max >> 20),
        "MiB for weights that are kept between updates; results do not depend on it", default: nil),
    ], example: "exact:threshold=1e-12"
  ) { settings in
    .exact(
      threshold: settings.number("threshold") ?? ExactBackend.defaultThreshold,
      memoryBudget: settings.count("memory").map { $0 << 20 })
  }
}

extension FilterBackend where Self == ExactBackend {
  /// All pairs of points whose weight may reach `threshold`.
  public static func exact(threshold: Double, memoryBudget: Int? = nil) -> Self {
    ExactBackend(threshold: threshold, memoryBudget: memoryBudget)
  }
}
