import Formats
import LatticeSupport
import Unaries

/// One image of the set that a search looks at: its scores and its true labels, read when they are
/// needed.
public struct TuningImage: Sendable {
  /// What is read of an image.
  public struct Sample: Sendable {
    /// The points, and the image over them where there is one.
    public var scene: Scene
    /// N × L energies over the scene's grid.
    public var energies: EnergyField
    /// The true labels of the scene's grid.
    public var truth: LabelMap

    /// - Parameters:
    ///   - scene: the points, and the image over them where there is one.
    ///   - energies: N × L energies over the scene's grid.
    ///   - truth: the true labels of the scene's grid.
    public init(scene: Scene, energies: EnergyField, truth: LabelMap) {
      self.scene = scene
      self.energies = energies
      self.truth = truth
    }
  }

  /// What it is called: no two images of a set have the same name.
  public let name: String
  /// The file of the scores, for messages and for the state of a search.
  public let scores: String
  /// The file of the image; `nil` where there is none.
  public let image: String?
  /// The file of the true labels.
  public let truth: String
  /// Further files that it is made of.
  public let others: [String]
  /// Reads what the files hold, with the threads that it is given; throws `InputError`.
  public let load: @Sendable (Parallelism) throws -> Sample

  /// - Parameters:
  ///   - name: what it is called.
  ///   - scores: the file of the scores.
  ///   - image: the file of the image; `nil` where there is none.
  ///   - truth: the file of the true labels.
  ///   - others: further files that it is made of.
  ///   - load: reads what the files hold, with the threads that it is given; called on any thread.
  public init(
    name: String, scores: String, image: String?, truth: String, others: [String] = [],
    load: @escaping @Sendable (Parallelism) throws -> Sample
  ) {
    self.name = name
    self.scores = scores
    self.image = image
    self.truth = truth
    self.others = others
    self.load = load
  }

  /// All files.
  var files: [String] { [scores, image, truth].compactMap { $0 } + others }
  /// What errors of a step are about.
  var place: String { image ?? scores }
}

extension TuningImage {
  /// An image whose scores, picture and labels lie in files.
  ///
  /// - Parameters:
  ///   - name: what it is called.
  ///   - files: the scores or labels, and the image.
  ///   - truth: the true labels.
  ///   - reading: how the scores become energies.
  ///   - truthReading: how the true labels are to be understood.
  ///   - range: warns where the image's colours do not fit the bandwidths that are searched; see
  ///     `SearchSpace.leastColors`.
  public init(
    name: String, _ files: ScoreFiles, truth: String, reading: ScoreReading,
    truthReading: LabelReading = LabelReading(), range: ColorRange = ColorRange([])
  ) {
    self.init(
      name: name, scores: files.scores, image: files.image, truth: truth, others: files.others
    ) { parallelism in
      let loaded = try reading.load(files, parallelism: parallelism)
      if let image = loaded.scene.image, let notes = loaded.image { range.check(image, notes) }
      return Sample(
        scene: loaded.scene, energies: loaded.energies,
        truth: try LabelFile.read(truth, as: truthReading))
    }
  }
}
