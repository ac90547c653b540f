import Formats
import LatticeSupport
import Unaries

/// One image that the page shows: its scores, and its true labels where there are some, read when
/// it is looked at.
package struct PageImage: Sendable {
  /// What is read of an image.
  package struct Sample: Sendable {
    package let scene: Scene
    /// N × L energies over the scene's grid.
    package let energies: EnergyField
    /// The true labels of the scene's grid; `nil` where there are none.
    package let truth: LabelMap?

    package init(scene: Scene, energies: EnergyField, truth: LabelMap?) {
      self.scene = scene
      self.energies = energies
      self.truth = truth
    }
  }

  /// The stem that its files have in common.
  package let name: String
  /// Its scores and its picture, as calls in Python name them; `nil` where none are in files.
  package let files: ScoreFiles?
  /// Reads what the files hold; throws `InputError`.
  package let load: @Sendable (Parallelism) throws -> Sample

  /// - Parameters:
  ///   - name: what it is called: no two images have the same name.
  ///   - files: its scores and its picture, where they are in files.
  ///   - load: reads what the files hold, with the threads that it is given; called on any thread.
  package init(
    name: String, files: ScoreFiles? = nil,
    load: @escaping @Sendable (Parallelism) throws -> Sample
  ) {
    self.name = name
    self.files = files
    self.load = load
  }

  /// An image whose scores, picture and labels lie in files.
  ///
  /// - Parameters:
  ///   - name: what it is called.
  ///   - files: the scores or labels, and the image.
  ///   - truth: the true labels; `nil` where there are none.
  ///   - reading: how the scores become energies.
  ///   - truthReading: how the true labels are to be understood.
  package init(
    name: String, _ files: ScoreFiles, truth: String?, reading: ScoreReading,
    truthReading: LabelReading
  ) {
    self.init(name: name, files: files) { parallelism in
      let loaded = try reading.load(files, parallelism: parallelism)
      return Sample(
        scene: loaded.scene, energies: loaded.energies,
        truth: try truth.map { try LabelFile.read($0, as: truthReading) })
    }
  }
}
