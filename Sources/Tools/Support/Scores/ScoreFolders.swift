import Evaluation
import Formats
import LatticeSupport

/// Folders of scores, images and true labels, whose files belong together by their stems.
package struct ScoreFolders {
  package let scores: String
  /// Of further scores, which are merged with them.
  package let others: [String]
  package let image: String
  package let truth: String

  package var all: [String] { [scores, image, truth] + others }

  /// What belongs together.
  package struct Entry {
    /// What its files have in common.
    package let stem: String
    /// The scores and the image.
    package let files: ScoreFiles
    /// The true labels.
    package let truth: String
  }

  /// - Parameters:
  ///   - input: names the scores and the images.
  ///   - truth: names the true labels.
  ///   - purpose: what needs them: `a search`.
  /// - Throws: `InputError` naming the option that is missing, or does not name a folder.
  package init(_ input: UnaryOptions, _ truth: TruthOptions, for purpose: String) throws {
    func folder(_ path: String?, _ option: String, _ what: String) throws -> String {
      guard let path else {
        throw InputError(
          .usage, at: option, "is missing: \(purpose) needs \(what)",
          remedy: "give a folder; files belong together by their stems")
      }
      guard FolderListing.isFolder(path) else {
        throw InputError(
          .noInput, at: path,
          FolderListing.exists(path)
            ? "is a file, but \(option) is a folder here" : "is not a folder",
          remedy: "give folders for scores, images and true labels")
      }
      return path
    }
    scores = try folder(input.unary, "--unary", "the scores of some images")
    others = try input.unaries.dropFirst().map { try folder($0, "--unary", "the scores") }
    image = try folder(input.image, "--image", "the images of the scores")
    self.truth = try folder(truth.groundTruth, "--ground-truth", "the true labels of the images")
  }

  /// All that belong together.
  ///
  /// - Parameter areLabels: whether scores are maps of labels.
  /// - Throws: `InputError` of the first file that lacks what belongs to it.
  package func entries(areLabels: Bool) throws -> [Entry] {
    let match = try FolderMatch(
      scores: scores, images: image, groundTruth: truth, others: others, areLabels: areLabels,
      called: "--unary")
    return try match.entries.map { entry in
      if let error = entry.error { throw error }
      guard let image = entry.companions["image"], let truth = entry.companions["ground truth"]
      else { preconditionFailure("'\(entry.name)' was matched without its companions") }
      return Entry(
        stem: entry.stem,
        files: ScoreFiles(scores: entry.path, image: image, mergedWith: entry.others),
        truth: truth)
    }
  }
}
