import Formats
import Foundation
import LatticeSupport
import ToolSupport
import Unaries

extension SegmentSettings {
  /// Segments the one photograph that is named.
  func segmentOne() throws {
    // Before the weights, which take longer.
    let image = try picture.photograph(files.image)
    let network = try LoadedNetwork(network, parallelism: parallelism)
    let outcome = try ImageSegmentation(settings: self, network: network).run(files, image)
    let report = SegmentReport(self, network)
    if printsJSON {
      try StandardOutput.print(json: report.single(outcome))
    } else if !isQuiet {
      try files.plan.print(report.text(of: outcome))
    }
  }
}

/// The segmentation of every photograph in a folder.
struct FolderSegmentation {
  private let settings: SegmentSettings

  init(_ settings: SegmentSettings) { self.settings = settings }

  func run() throws {
    let files = settings.files
    let plan = try FolderPlan(files.image, endings: ImageFile.pictureEndings, option: "--image")
    plan.passed.warnOfPictures()
    let network = try LoadedNetwork(settings.network, parallelism: settings.parallelism)
    try FolderRun.prepare(outputs: files.plan.outputs, inputs: files.plan.inputs)
    let segmentation = ImageSegmentation(settings: settings, network: network)
    var run = FolderRun(
      of: "deeplab", resumes: settings.resumes, isQuiet: settings.isQuiet)
    var outcomes: [ImageSegmentation.Outcome] = []
    try run.run(plan) {
      files.inside($0).plan.outputs
    } _: { entry in
      let outcome = try segmentation.run(
        files.inside(entry), settings.picture.photograph(entry.path))
      outcomes.append(outcome)
      return String(format: "%.2f s", outcome.stopwatch.total / 1000)
    }
    let report = SegmentReport(settings, network)
    if settings.printsJSON {
      try StandardOutput.print(json: report.folder(outcomes, run))
    } else if !settings.isQuiet {
      try StandardOutput.print(report.text(of: outcomes, run))
    }
    run.exitOnFailure()
  }
}
