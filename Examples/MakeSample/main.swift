import Foundation
import LatticeSupport
import Unaries

// Paints Examples/sample anew: a street, its true labels, and the scores of a network that half
// sees it. The same seed gives the same files.

let usage = "usage: make-sample [FOLDER [SEED]]   (Examples/sample and 5 where not given)\n"
let arguments = programArguments()
let folder = arguments.first ?? "Examples/sample"

guard arguments.count <= 2, !folder.hasPrefix("-"),
  let seed = UInt64(arguments.dropFirst().first ?? "5")
else {
  FileHandle.standardError.write(Data(usage.utf8))
  exit(EX_USAGE)
}

do {
  try FolderListing.create(folder)
  try Sample(seed: seed).write(to: folder)
} catch {
  FileHandle.standardError.write(Data("make-sample: \(error)\n".utf8))
  exit(EX_CANTCREAT)
}
