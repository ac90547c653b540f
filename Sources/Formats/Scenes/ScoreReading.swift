import LatticeSupport
import Unaries

/// How files of scores or labels become energies over the scenes of their images.
public struct ScoreReading: Sendable {
  /// What the numbers mean; `nil` where nobody has said so: they are taken for logits then, with a
  /// warning where they seem to be something else.
  public var meaning: ScoreMeaning?
  /// The order of the axes of an array of scores; `nil` where nobody has said so: labels come first
  /// then, and arrays of MATLAB are refused.
  public var order: AxisOrder?
  /// The order of the axes of an image that is an array.
  public var imageLayout = ChannelLayout.channelsFirst
  /// How pictures are taken.
  public var picture = PictureReading()
  /// Which array of an archive is read; `nil` where there is only one.
  public var member: String?
  /// How coarse scores are placed over the scene; see `Resampling.alignCorners`.
  public var alignCorners = false
  /// Whether scores are one channel, the foreground's: label 1 of two.
  public var isForeground = false
  /// Whether probabilities are divided by their sum at each point, negative ones taken for 0.
  public var normalizes = false
  /// Of label maps: what their colours and numbers stand for.
  public var labels = LabelReading()
  /// Of label maps, which do not say so: L, the number of labels, at least 1.
  public var labelCount = 0
  /// Of label maps: the probability that a given label is right, between 0 and 1.
  public var confidence: Float = 0.7
  /// Of label maps: which label means that there is none.
  public var unknown = UnknownLabel.none

  /// A file of numbers, 0 where points are left out; `nil` where only what images and scores say of
  /// themselves counts.
  public var mask: String?
  /// Whether points that only the scores lack (nodata) are as likely of any label, to be filled,
  /// and not left out.
  public var fillsNoData = false
  /// Whether an image and scores that lie in different places are taken together all the same.
  public var ignoresPlacement = false

  /// How the scores of several files become one.
  public var merging = Merging()

  /// How the scores of several files become one; see `EnsembleUnary`.
  public struct Merging: Sendable, Hashable {
    /// What becomes of their probabilities.
    public var rule: EnsembleUnary.Rule
    /// One for each file, none negative; `nil` for equal ones.
    public var weights: [Float]?

    /// The mean, unless another rule is given.
    public init(by rule: EnsembleUnary.Rule = .mean, weights: [Float]? = nil) {
      self.rule = rule
      self.weights = weights
    }
  }

  /// The order of the axes of an array of scores.
  public enum AxisOrder: Sendable, CaseIterable {
    /// Labels, height, width.
    case labelsFirst
    /// Height, width, labels.
    case labelsLast
    /// Width, height, labels, padded on the right and below, as DeepLab's Caffe release saves them
    /// for MATLAB: they are turned to labels first, and cut to the image's size.
    case caffe
  }

  /// Where the labels are once scores are turned.
  public var layout: ChannelLayout { order == .labelsLast ? .channelsLast : .channelsFirst }

  /// Arrays of scores, labels first, whatever they mean.
  public init() {}

  /// What the numbers are taken for.
  public var kind: ScoreMeaning { meaning ?? .logits }

  /// What the numbers of an array of scores are taken for.
  var scoreKind: ScoreKind { kind.scoreKind ?? .logits }
}

/// A file of scores or labels, and the image that it belongs to.
public struct ScoreFiles: Sendable, Hashable {
  /// The scores or labels.
  public var scores: String
  /// Further scores of the same labels, which are merged with them.
  public var others: [String]
  /// The image; `nil` where there is none.
  public var image: String?
  /// Further images of the same size, whose channels follow those of the first.
  public var moreImages: [String] = []

  /// - Parameters:
  ///   - scores: the scores or labels.
  ///   - image: the image; `nil` where there is none.
  ///   - others: further scores of the same labels, which are merged with them.
  public init(scores: String, image: String? = nil, mergedWith others: [String] = []) {
    self.scores = scores
    self.others = others
    self.image = image
  }
}

/// What a file of scores or labels held.
public struct ScoreSummary: Sendable {
  /// The grid of the scores themselves.
  public var grid: GridShape
  /// How they were read on the scene; `nil` where they have its size.
  public var resampling: Resampling?
  /// Where the scene lies: as the image says or, without one, the scores; `nil` where nobody does.
  public var placement: Placement?
  /// The colours that a label map has for labels; `nil` where it has none.
  public var palette: Palette?
  /// Whether some points may be left out, which is known before any is looked at.
  public var mayLeaveOut = false

  /// - Parameters:
  ///   - grid: the grid of the scores themselves.
  ///   - resampling: how they were read on the scene; `nil` where they have its size.
  public init(grid: GridShape, resampling: Resampling? = nil) {
    self.grid = grid
    self.resampling = resampling
  }
}

/// The energies of one scene, and how they were read.
public struct LoadedScores: Sendable {
  /// The points, and the image over them where there is one.
  public let scene: Scene
  /// What the file held.
  public let summary: ScoreSummary
  /// What is known of the image; `nil` where there is none.
  public let image: ImageNotes?
  /// How long it took to read files, and to make energies of them.
  public let times: Stopwatch
  private var held: EnergyField?

  /// - Parameters:
  ///   - scene: the points, and the image over them where there is one.
  ///   - energies: over the scene's grid.
  ///   - summary: what the file held.
  ///   - image: what is known of the image; `nil` where there is none.
  ///   - times: how long it took to read files, and to make energies of them.
  public init(
    scene: Scene, energies: EnergyField, summary: ScoreSummary, image: ImageNotes?,
    times: Stopwatch = Stopwatch()
  ) {
    self.scene = scene
    held = energies
    self.summary = summary
    self.image = image
    self.times = times
  }

  /// The energies, as long as nobody has taken them.
  public var energies: EnergyField {
    guard let held else { preconditionFailure("the energies are somebody else's by now") }
    return held
  }

  /// Hands the energies on, so that their next owner may be their only one and overwrite them.
  public mutating func takeEnergies() -> EnergyField {
    defer { held = nil }
    return energies
  }
}

/// The labels of one scene as their file has them.
public struct LoadedLabels: Sendable {
  /// The labels.
  public let map: LabelMap
  /// The points, and the image over them where there is one.
  public let scene: Scene
  /// Where they lie, and what the file says of its labels.
  public let summary: ScoreSummary
  /// What is known of the image; `nil` where there is none.
  public let image: ImageNotes?
  /// How long it took to read files.
  public let times: Stopwatch
}

/// The files of one scene, opened to be read a region at a time.
public struct OpenedScores {
  /// Of two axes.
  public let grid: GridShape
  /// `nil` where there is no image.
  public let image: OpenedImage?
  /// L.
  public let labelCount: Int
  /// What the file of scores holds.
  public let summary: ScoreSummary
  private let source: any RegionSource<EnergyField>
  /// The points that count but for the image's; `nil` for all.
  private let mask: (GridRegion) throws -> PointMask?

  init(
    grid: GridShape, image: OpenedImage?, energies: any RegionSource<EnergyField>, labelCount: Int,
    summary: ScoreSummary, mask: @escaping (GridRegion) throws -> PointMask? = { _ in nil }
  ) {
    self.grid = grid
    self.image = image
    source = energies
    self.labelCount = labelCount
    self.summary = summary
    self.mask = mask
  }

  /// The points of a region, and the image over them.
  ///
  /// Regions must come in order: none may begin above one that was asked for before.
  /// - Throws: `InputError` where the image cannot be read there.
  public func scene(_ region: GridRegion) throws -> Scene {
    let part = try image?.read(region)
    return Scene(
      grid: region.grid, image: part?.image,
      origin: [region.rows.lowerBound, region.columns.lowerBound],
      mask: PointMask.both(part?.mask, try mask(region)))
  }

  /// The energies over a region; in order, as scenes.
  ///
  /// - Throws: `InputError` where the scores cannot be read there; it says where the region lies.
  public func energies(_ region: GridRegion) throws -> EnergyField { try source.read(region) }
}
