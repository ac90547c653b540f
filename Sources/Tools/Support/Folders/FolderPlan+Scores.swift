import Formats
import LatticeSupport
import Unaries

extension FolderPlan {
  /// Files of scores or labels with the images and true labels of the same stems.
  ///
  /// - Parameters:
  ///   - files: the folders of the scores and images.
  ///   - groundTruth: the folder of the true labels, where there are some.
  ///   - kind: what the files of scores hold.
  /// - Throws: `InputError` where a folder cannot be listed, or there are no scores.
  package init(scores files: UnaryFiles, groundTruth: String?, kind: UnaryKind) throws {
    let option = "--unary"
    let images = try files.image.map { folder in
      // Arrays in the folder of the scores are scores.
      let arrays = FileSystem.isSame(folder, files.scores) ? [] : Self.arrayEndings
      return try Companion(
        "image", in: folder, endings: ImageFile.pictureEndings, arrays, beside: option)
    }
    let isLabels = kind == .labels
    try self.init(
      files.scores, endings: isLabels ? LabelFile.endings : Self.arrayEndings, option: option,
      companions: [images, try Self.truths(groundTruth, beside: option)].compactMap { $0 },
      remedy: isLabels ? "check the folder" : "for label maps, add --unary-kind labels")
  }

  /// The true labels in a folder, as companions; `nil` where there is no folder.
  package static func truths(_ folder: String?, beside option: String) throws -> Companion? {
    try folder.map {
      try Companion("ground truth", in: $0, endings: LabelFile.endings, beside: option)
    }
  }
}
