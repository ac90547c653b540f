import Support
import ToolSupport

/// Which files of the folders belong together, by their stems.
struct FolderPlan {
  /// One file of scores, and what was found for it.
  struct Entry {
    var name: String
    var job: Job
    /// Why it cannot be refined; `nil` where it can.
    var error: InputError?
  }

  private(set) var entries: [Entry] = []

  private static let pictureEndings = ["png", "jpg", "jpeg"]
  private static let labelEndings = ["png", "npy"]
  private static let scoreEndings = ["npy", "npz"]

  /// - Throws: `InputError` where a folder cannot be listed, or there is nothing to refine.
  init(_ folders: Job, kind: UnaryKind) throws {
    let endings = kind == .labels ? Self.labelEndings : Self.scoreEndings
    let names = try FileSystem.files(in: folders.unary).filter {
      endings.contains(FileSystem.split($0).ending)
    }
    guard !names.isEmpty else {
      throw InputError(
        .noInput, at: folders.unary,
        "holds no files ending in " + endings.map { "." + $0 }.joined(separator: " or "),
        remedy: kind == .labels ? "check the folder" : "for label maps, add --unary-kind labels")
    }
    let images = try folders.image.map { try Self.images(in: $0, besides: folders.unary) }
    let truths = try folders.groundTruth.map { try Self.index($0, endings: Self.labelEndings) }
    var seen: [String: String] = [:]
    for name in names {
      let stem = FileSystem.split(name).stem
      var entry = Entry(name: name, job: folders.inside(stem: stem))
      entry.job.unary = folders.unary + "/" + name
      do {
        if let other = seen.updateValue(name, forKey: stem) {
          throw InputError(
            .data, at: entry.job.unary, "has the same stem as '\(other)', so their outputs collide",
            remedy: "rename one of them")
        }
        entry.job.image = try Self.match(stem, in: images, folders.image, "image", entry.job.unary)
        entry.job.groundTruth = try Self.match(
          stem, in: truths, folders.groundTruth, "ground truth", entry.job.unary)
      } catch let error as InputError {
        entry.error = error
      }
      entries.append(entry)
    }
  }

  /// The images of a folder by stem: pictures, and arrays where there is no picture of that stem.
  ///
  /// Arrays in the folder of the scores are scores.
  private static func images(in folder: String, besides unary: String) throws -> [String: [String]]
  {
    let pictures = try index(folder, endings: pictureEndings)
    guard !FileSystem.isSame(folder, unary) else { return pictures }
    return try pictures.merging(index(folder, endings: scoreEndings)) { picture, _ in picture }
  }

  /// The files of a folder by stem; several where stems are equal.
  private static func index(_ folder: String, endings: [String]) throws -> [String: [String]] {
    var index: [String: [String]] = [:]
    for name in try FileSystem.files(in: folder) {
      let (stem, ending) = FileSystem.split(name)
      if endings.contains(ending) { index[stem, default: []].append(folder + "/" + name) }
    }
    return index
  }

  private static func match(
    _ stem: String, in index: [String: [String]]?, _ folder: String?, _ what: String,
    _ unary: String
  ) throws -> String? {
    guard let index, let folder else { return nil }
    let paths = index[stem] ?? []
    guard let path = paths.first else {
      throw InputError(
        .noInput, at: unary, "has no \(what) '\(stem)' in '\(folder)'",
        remedy: "files belong together by their stems: '\(stem).png'")
    }
    guard paths.count == 1 else {
      throw InputError(
        .data, at: unary, "has \(paths.count) files '\(stem)' for its \(what) in '\(folder)'",
        remedy: "keep one of them")
    }
    return path
  }
}

extension Job {
  /// The job of one stem, where this one names folders. Inputs are still folders.
  fileprivate func inside(stem: String) -> Job {
    var job = self
    job.labels = labels.map { "\($0)/\(stem).png" }
    job.marginals = marginals.map { "\($0)/\(stem).npy" }
    job.overlay = overlay.map { "\($0)/\(stem).png" }
    job.overlayBefore = overlayBefore.map { "\($0)/\(stem).png" }
    return job
  }
}
