import Foundation
import LatticeSupport
import Unaries

// Paints Examples/sample anew: a street, its true labels, and the scores of a network that half
// sees it. The same seed gives the same files.

let usage = """
  usage: make-sample [--frames N] [FOLDER [SEED]]   (Examples/sample and 5 where not given)
    --frames N: a sequence of up to 100 frames, from a camera that drives along the street

  """
var arguments = programArguments()
var frames: Int? = nil
var isUnderstood = true
if arguments.first == "--frames" {
  frames = arguments.count > 1 ? Int(arguments[1]) : nil
  isUnderstood = frames.map { (1...100).contains($0) } ?? false
  arguments.removeFirst(min(2, arguments.count))
}
let folder = arguments.first ?? "Examples/sample"

guard isUnderstood, arguments.count <= 2, !folder.hasPrefix("-"),
  let seed = UInt64(arguments.dropFirst().first ?? "5")
else {
  FileHandle.standardError.write(Data(usage.utf8))
  exit(EX_USAGE)
}

do {
  try FolderListing.create(folder)
  if let frames {
    try Sample.writeFrames(frames, seed: seed, to: folder)
  } else {
    try Sample(seed: seed).write(to: folder)
  }
} catch {
  FileHandle.standardError.write(Data("make-sample: \(error)\n".utf8))
  exit(EX_CANTCREAT)
}
