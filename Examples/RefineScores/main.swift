import Formats
import MeanField
import Unaries

let image = try ImageFile.read("photo.jpg")
let scores = try NPY.read("scores.npy")  // (labels, height, width), before the softmax
let unary = try ScoreMapUnary(scores, kind: .logits, layout: .channelsFirst)
let crf = try DenseCRF(
  scene: Scene(image), unary: unary.energies(for: image),
  terms: [
    PairwiseTerm(SpatialGaussianKernel(sigma: 3), weight: 3),
    PairwiseTerm(BilateralKernel(spatialSigma: 67, colorSigma: 3), weight: 4),
  ])
try LabelFile.write(crf.marginals(iterations: 10).labels, palette: .voc, to: "labels.png")
