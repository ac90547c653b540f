import LatticeSupport
import Unaries

/// Areas of labels lose what is too narrow for a disc: opening, an erosion and then a dilation.
///
/// What is lost becomes void. In a volume it is a ball. Outside of the image counts as inside of an
/// area, so that the border takes nothing away.
public struct Opening: LabelFilter {
  /// Of the disc, in steps of the grid: its points are at most so far from its centre.
  public let radius: Int
  /// The labels whose areas are opened; `nil` for all but void.
  public let classes: LabelNumbers?
  /// What is lost becomes this.
  public let void: UInt16

  /// - Parameters:
  ///   - radius: of the disc, at least 1.
  ///   - classes: the labels whose areas are opened; `nil` for all but void.
  ///   - void: what is lost becomes this.
  public init(
    radius: Int, of classes: LabelNumbers? = nil, void: UInt16 = Palette.voidLabel
  ) {
    precondition(radius >= 1, "a radius of \(radius)")
    self.radius = radius
    self.classes = classes
    self.void = void
  }

  /// What descriptions call it.
  public var name: String {
    "open:radius=\(radius)" + (classes.map { ",classes=\($0)" } ?? "")
  }
  /// Once out and once back.
  public var reach: Reach { .steps(2 * radius) }
  /// What is left out counts as inside of an area for the erosion, as what is outside does.
  public var leftOutLabel: UInt16? { void }

  /// - Complexity: O(N/64 · (2r + 1)^(rank − 1) · log r) a class.
  public func filter(
    _ labels: LabelMap, _ marginals: Marginals?, over scene: Scene, parallelism: Parallelism
  ) throws -> LabelMap {
    var result = labels
    let classes = (classes?.labels ?? labels.occurring(parallelism: parallelism))
      .filter { $0 != void }
    labels.labels.withUnsafeBufferPointer { given in
      result.labels.withUnsafeMutableBufferPointer { result in
        guard let given = given.baseAddress, let result = result.baseAddress else { return }
        for label in classes {
          let area = PointSet(of: label, in: given, on: labels.grid, parallelism: parallelism)
          let opened = area.eroded(by: radius, over: scene.mask, parallelism: parallelism)
            .dilated(by: radius, parallelism: parallelism)
          area.subtracting(opened, become: void, in: result, parallelism: parallelism)
        }
      }
    }
    return result
  }
}

/// Areas of labels take what is too narrow for a disc between them: closing, a dilation and then an
/// erosion.
///
/// Labels are closed in turn, each on the result of the one before, over void and all others. In a
/// volume it is a ball. Outside of the image counts as inside of an area for the erosion.
public struct Closing: LabelFilter {
  /// Of the disc, in steps of the grid: its points are at most so far from its centre.
  public let radius: Int
  /// The labels whose areas are closed, in this order.
  public let classes: LabelNumbers

  /// - Parameter radius: of the disc, at least 1.
  /// - Parameter classes: the labels whose areas are closed, in this order.
  public init(radius: Int, of classes: LabelNumbers) {
    precondition(radius >= 1, "a radius of \(radius)")
    self.radius = radius
    self.classes = classes
  }

  /// What descriptions call it.
  public var name: String { "close:radius=\(radius),classes=\(classes)" }
  /// Once out and once back, for each class.
  public var reach: Reach { .steps(2 * radius * classes.labels.count) }
  /// A label that is not closed; see `Opening.leftOutLabel`.
  public var leftOutLabel: UInt16? {
    (0...UInt16.max).last { !classes.labels.contains($0) }
  }

  /// - Complexity: O(N/64 · (2r + 1)^(rank − 1) · log r) a class.
  public func filter(
    _ labels: LabelMap, _ marginals: Marginals?, over scene: Scene, parallelism: Parallelism
  ) throws -> LabelMap {
    var result = labels
    result.labels.withUnsafeMutableBufferPointer { result in
      guard let result = result.baseAddress else { return }
      for label in classes.labels {
        let area = PointSet(of: label, in: result, on: labels.grid, parallelism: parallelism)
        area.dilated(by: radius, parallelism: parallelism)
          .eroded(by: radius, over: scene.mask, parallelism: parallelism)
          .subtracting(area, become: label, in: result, parallelism: parallelism)
      }
    }
    return result
  }
}

extension LabelFilterKind {
  private static let radius = Setting(
    "radius", .count(1...1024), "of the disc, in pixels", default: .count(1))

  /// Areas of labels lose what is too narrow for a disc.
  public static let open = LabelFilterKind(
    name: "open", summary: "areas of labels lose what is too narrow for a disc",
    settings: [
      radius,
      Setting("classes", .labels, "the labels whose areas are opened; else all", default: nil),
      Setting(
        "void", .count(0...65535), "what is lost becomes this",
        default: .count(Int(Palette.voidLabel))),
    ], example: "open:radius=2"
  ) { settings, _ in
    Opening(
      radius: settings.count("radius") ?? 1, of: settings.labelNumbers("classes"),
      void: VoidSetting.label(settings))
  }

  /// Areas of labels take what is too narrow for a disc.
  public static let close = LabelFilterKind(
    name: "close", summary: "areas of labels take gaps that are too narrow for a disc",
    settings: [
      radius,
      Setting("classes", .labels, "the labels whose areas are closed, one after another"),
    ], example: "close:radius=2,classes=1"
  ) { settings, _ in
    Closing(
      radius: settings.count("radius") ?? 1,
      of: settings.labelNumbers("classes") ?? LabelNumbers(labels: []))
  }
}
